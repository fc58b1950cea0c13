import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { type Clock, errorText, type Log } from "#core";
import { AckTiming } from "./ack-timing.ts";
import { Attachment } from "./attachment.ts";
import {
  decodeEnvelope,
  type Draft,
  type Envelope,
  encodeEnvelope,
  type JsonObject,
  type ReplyMessage,
} from "./envelope.ts";
import { FleetError } from "./errors.ts";
import { faultOf, faultOfRpcError, RemoteError, rpcErrorOf } from "./fault.ts";
import { Inbox, type Request } from "./inbox.ts";
import { type ConversationLimits, conversationLimits, window } from "./limits.ts";
import type { Level } from "./levels.ts";
import type { Caller, Method } from "./method.ts";
import { dispatch, faultText, type MethodTable, type Outcome } from "./method-table.ts";
import { Outbox } from "./outbox.ts";
import { type CallOptions, OwnCalls } from "./own-calls.ts";
import { RunningRequests } from "./running-requests.ts";
import { broken, meetingOf, parseAck, parseSession, type Progress, sessionParams } from "./session-state.ts";
import { readTold } from "./told.ts";

export interface ConversationOptions {
  /** Who we are and who the other side is, as the stream has proved it: messages that say otherwise are refused. */
  readonly ownName: string;
  readonly peerName: string;
  /** What the other side may call here. */
  readonly table: MethodTable;
  /** Level of the other side itself; `none` unless said otherwise. */
  readonly peerLevel?: Level;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<ConversationLimits>;
  /**
   * The other side has said on a stream who it is: `first` when this side knew nobody, `resumed` when everything goes on
   * where it was cut, `restarted` when it is another run of it, and all that was sent and not answered has failed.
   */
  readonly met?: (meeting: Meeting) => void;
}

export type Meeting = ReturnType<typeof meetingOf>;

const none: ReadonlySet<string> = new Set();
const start: Progress = { received: 0, begun: 0 };

/**
 * The one conversation between a server and a worker: both call, both notify, over one stream after another.
 *
 * What is said is kept until the other side has it, and sent again after a cut: each message is handled once, calls and
 * events begin in the order they were sent. Whatever cannot be kept is refused or fails; nothing is dropped silently.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #caller: Caller;
  readonly #session = randomUUID();
  readonly #inbox = new Inbox();
  readonly #outbox: Outbox;
  readonly #own: OwnCalls;
  readonly #running: RunningRequests;
  readonly #awaitingRoom = new Set<() => void>();
  #attachment: Attachment | undefined;
  /** Whether the other side has said its session on this stream. */
  #hasMet = false;
  #peer: string | null = null;
  #isKnown = false;
  readonly #acks = new AckTiming(this.#inbox, () => this.#send());
  #isSending = false;
  #closedBy: FleetError | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#caller = { name: options.peerName, level: options.peerLevel ?? "none", carrier: "fleet" };
    const limits = { ...conversationLimits, ...options.limits };
    this.#outbox = new Outbox(limits);
    this.#own = new OwnCalls(options.clock);
    this.#running = new RunningRequests({
      inbox: this.#inbox,
      atMost: limits.running,
      hasRoom: () => this.#outbox.held.replyBytes < limits.replyBytes,
      run: (request, signal) => this.#run(request, signal),
      ended: () => this.#goOn(),
    });
  }

  /** Whether there is a stream, and the other side has spoken on it. */
  get isConnected(): boolean {
    return this.#hasMet;
  }

  /** Calls and events that the other side is not known to have, and their bytes. */
  get backlog(): Readonly<{ messages: number; bytes: number }> {
    const { messages, bytes } = this.#outbox.held;
    return { messages, bytes };
  }

  /**
   * Go on over this stream; the one before, if there is one, ends. The stream is the conversation's from now on.
   *
   * @returns when the stream is over: why, or undefined when it ended in order. It never rejects.
   */
  attach(duplex: Duplex): Promise<Error | undefined> {
    this.detach();
    return new Promise((resolve) => {
      const over = new AbortController();
      const attachment: Attachment = new Attachment(duplex, {
        message: (message) => this.#receive(message),
        ready: () => this.#goOn(),
        over: (error) => {
          over.abort();
          this.#over(attachment, error);
          resolve(error);
        },
      });
      this.#attachment = attachment;
      if (this.#closedBy) return attachment.end(this.#closedBy);
      this.#outbox.rewind();
      this.#acks.restart(this.#inbox.progress);
      attachment.start();
      attachment.write(this.#ackFrame("rpc.session", this.#sessionParams()));
      void this.#expectSession(attachment, over.signal);
    });
  }

  /** Let go of the stream, if there is one, and end it. The conversation waits for the next. */
  detach(): void {
    this.#attachment?.end();
  }

  /** End for good: all calls fail, handlers are told to stop. */
  close(): void {
    if (this.#closedBy) return;
    const why = new FleetError("CONVERSATION_CLOSED", `the conversation with ${this.#options.peerName} was ended`);
    this.#closedBy = why;
    this.detach();
    this.#outbox.close(why);
    this.#own.failAll(why, none);
    this.#running.cancelAll(why);
    this.#inbox.restart();
    this.#acks.restart(start);
    this.#wakeAwaiting();
  }

  /**
   * Ask the other side, now or as soon as there is a stream.
   *
   * @throws {RemoteError} what the other side answered.
   * @throws {FleetError} BACKLOG_FULL, MESSAGE_TOO_LARGE: not sent. CALL_TIMEOUT, PEER_RESTARTED, CONVERSATION_CLOSED,
   * REPLY_INVALID: it may have been done. @throws the signal's reason.
   */
  async call<P extends object, R>(method: Method<P, R>, params: P, options: CallOptions = {}): Promise<R> {
    options.signal?.throwIfAborted();
    const draft = this.#draft("call", method.name, params, options.correlation);
    this.#throwIfClosed();
    this.#outbox.add(draft);
    const answered = this.#own.answerTo(draft.id, method.name, options, () => this.#takeBack(draft.id));
    this.#send();
    return resultOf(method, await answered);
  }

  /**
   * Tell the other side something, now or as soon as there is a stream. No answer comes.
   *
   * @returns when the other side has it. @throws {FleetError} BACKLOG_FULL, MESSAGE_TOO_LARGE: not sent. PEER_RESTARTED,
   * CONVERSATION_CLOSED: it may have been handled.
   */
  async notify<P extends object>(
    method: Method<P, unknown>,
    params: P,
    options: Pick<CallOptions, "correlation"> = {},
  ): Promise<void> {
    const draft = this.#draft("event", method.name, params, options.correlation);
    this.#throwIfClosed();
    await new Promise<void>((taken, lost) => {
      this.#outbox.add(draft, { taken, lost });
      this.#send();
    });
  }

  /** Waits until a small call or event would be taken: for those who have much to say. @throws the signal's reason. */
  async room(signal: AbortSignal): Promise<void> {
    while (!this.#outbox.hasRoom(window.bytes / window.messages)) {
      signal.throwIfAborted();
      this.#throwIfClosed();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#awaitingRoom.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#awaitingRoom.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
    signal.throwIfAborted();
  }

  #receive(message: Buffer): void {
    const envelope = decodeEnvelope(message);
    const { ownName, peerName } = this.#options;
    if (envelope.from !== peerName || envelope.to !== ownName) throw broken("a message is from or to somebody else");
    if (!this.#hasMet) return this.#meet(envelope);
    this.#isKnown = true;
    if (envelope.kind === "ack") return this.#acknowledge(envelope);
    if (!this.#inbox.isNew(envelope.sequence)) return;
    this.#acks.came(envelope.kind, message.length);
    if (envelope.kind === "reply") this.#own.answer(envelope);
    else if (!envelope.method.startsWith("rpc.")) this.#inbox.put(envelope, message.length);
    else this.#obey(envelope);
  }

  #meet(envelope: Envelope): void {
    if (envelope.kind !== "ack" || envelope.method !== "rpc.session") throw broken("it did not say its session first");
    const said = parseSession(envelope.params);
    const meeting = meetingOf({ session: this.#session, peer: this.#peer, isKnown: this.#isKnown }, said);
    if (meeting === "restarted") this.#peerRestarted();
    const isAboutUs = said.peer === this.#session && meeting !== "restarted";
    this.#outbox.acknowledge(isAboutUs ? said : start);
    this.#peer = said.session;
    this.#isKnown = isAboutUs;
    this.#hasMet = true;
    this.#options.met?.(meeting);
  }

  #acknowledge({ method, params }: { readonly method: string; readonly params: JsonObject }): void {
    if (method !== "rpc.ack") throw broken(`an ack is named ${method}`);
    this.#outbox.acknowledge(parseAck(params));
  }

  #obey({ kind, method, correlation }: Request): void {
    if (kind !== "event" || method !== "rpc.cancel" || !correlation) throw broken(`it says ${method}`);
    this.#running.cancel(correlation, new FleetError("CALL_CANCELLED", "the caller took the call back"));
  }

  #peerRestarted(): void {
    const { peerName, log } = this.#options;
    log.info(`${peerName} was started anew`);
    const why = new FleetError("PEER_RESTARTED", `${peerName} was started anew`);
    this.#own.failAll(why, this.#outbox.restart(why));
    this.#running.cancelAll(why);
    this.#inbox.restart();
    this.#acks.restart(start);
  }

  #run(request: Request, signal: AbortSignal): void | Promise<void> {
    const { table, log } = this.#options;
    const { id, method, params, correlation } = request;
    const call = { id, method, params, signal, ...(correlation !== undefined && { correlation }) };
    const outcome = dispatch(table, call, this.#caller, log);
    if (!(outcome instanceof Promise)) return this.#ran(request, signal, outcome);
    return outcome.then((late) => this.#ran(request, signal, late));
  }

  #ran(request: Request, signal: AbortSignal, outcome: Outcome): void {
    const { log } = this.#options;
    const { id, method } = request;
    // Nobody waits for the answer any more.
    if (signal.aborted) return;
    if (request.kind === "call") this.#reply(request, outcome);
    else if ("fault" in outcome)
      log.debug(`an event of ${request.from} was not handled: ${outcome.fault.message}`, { id, method });
  }

  #reply({ id, method }: Request, outcome: Outcome): void {
    const answer = { kind: "reply", method, correlation: id, ...this.#addressed() } as const;
    try {
      const content = "fault" in outcome ? { error: rpcErrorOf(outcome.fault) } : { result: outcome.result ?? null };
      this.#outbox.addUrgent({ ...answer, ...content });
    } catch (error) {
      const fault = faultOf(error) ?? { code: "INTERNAL", message: `the result of ${method} is no JSON`, status: 500 };
      this.#options.log.error(`${method} gave what cannot be sent`, { id, error: errorText(error) });
      this.#outbox.addUrgent({ ...answer, error: rpcErrorOf(fault) });
    }
  }

  #takeBack(id: string): void {
    if (this.#outbox.remove(id)) return this.#wakeAwaiting();
    this.#outbox.addUrgent(this.#draft("event", "rpc.cancel", {}, id));
    this.#send();
  }

  #goOn(): void {
    if (this.#closedBy) return;
    this.#running.begin();
    this.#send();
    this.#wakeAwaiting();
  }

  #send(): void {
    const attachment = this.#attachment;
    if (!attachment || !this.#hasMet || this.#isSending) return;
    this.#isSending = true;
    try {
      attachment.together(() => this.#sendOn(attachment));
    } finally {
      this.#isSending = false;
    }
  }

  #sendOn(attachment: Attachment): void {
    while (!attachment.isBlocked) {
      const frame = this.#outbox.next();
      const progress = this.#acks.take(frame !== undefined);
      if (progress) attachment.write(this.#ackFrame("rpc.ack", { ...progress }));
      if (frame) attachment.write(frame);
      else return;
    }
  }

  #over(attachment: Attachment, error: Error | undefined): void {
    if (this.#attachment !== attachment) return;
    this.#attachment = undefined;
    this.#hasMet = false;
    if (error instanceof FleetError && error !== this.#closedBy)
      this.#options.log.warn(`the stream to ${this.#options.peerName} was cut`, { error: error.message });
  }

  async #expectSession(attachment: Attachment, over: AbortSignal): Promise<void> {
    const { clock, limits } = this.#options;
    try {
      await clock.sleep(limits?.sessionMs ?? conversationLimits.sessionMs, over);
    } catch {
      return;
    }
    if (this.#attachment === attachment && !this.#hasMet) attachment.end(broken("it says nothing"));
  }

  #sessionParams(): JsonObject {
    return sessionParams({ session: this.#session, peer: this.#peer, ...this.#inbox.progress });
  }

  #ackFrame(method: string, params: JsonObject): Buffer {
    return encodeEnvelope({ ...this.#addressed(), kind: "ack", sequence: 0, method, params });
  }

  #draft(kind: "call" | "event", method: string, params: object, correlation?: string): Draft {
    const about = correlation !== undefined && { correlation };
    return { ...this.#addressed(), kind, method, params: params as JsonObject, ...about };
  }

  #addressed(): { readonly id: string; readonly time: number; readonly from: string; readonly to: string } {
    const { ownName, peerName, clock } = this.#options;
    return { id: randomUUID(), time: Math.round(clock.now()), from: ownName, to: peerName };
  }

  #wakeAwaiting(): void {
    for (const wake of [...this.#awaitingRoom]) wake();
  }

  #throwIfClosed(): void {
    if (this.#closedBy) throw this.#closedBy;
  }
}

function resultOf<P, R>(method: Method<P, R>, { error, result }: ReplyMessage): R {
  if (error) throw new RemoteError(faultOfRpcError(error));
  const parsed = readTold(method.result, result);
  if (parsed.success) return parsed.data;
  throw new FleetError("REPLY_INVALID", `${method.name} was answered wrongly: ${faultText(parsed.error)}`);
}
