import type { Duplex } from "node:stream";
import type { Session, SessionEvents } from "../backend.ts";
import { sessionError } from "../dial-error.ts";
import { Ending } from "../ending.ts";
import { Inbox } from "../inbox.ts";
import { overflowBytes, overflowError } from "../overflow.ts";
import { Framer, maxFrameBytes } from "./framer.ts";
import { pack } from "./pack.ts";

/** How long what is queued may take to go out after `close`, milliseconds. */
const lingerMs = 1000;

/** What a session cannot see of its stream. */
export interface FramedSessionOptions {
  readonly description: string;
  readonly provenNodeIds?: readonly string[] | undefined;
}

/** A session on a byte stream that is open: every message goes after its length (spec §3.2). */
export class FramedSession implements Session {
  readonly description: string;
  readonly provenNodeIds: readonly string[] | undefined;
  readonly isReliable = true;
  readonly maxMessageBytes = maxFrameBytes;
  readonly #stream: Duplex;
  readonly #framer = new Framer();
  readonly #inbox = new Inbox();
  readonly #ending = new Ending();
  #why: Error | undefined;
  #isClosing = false;
  /** What this turn has to send, and its bytes. */
  #turn: Uint8Array[] = [];
  #turnBytes = 0;

  constructor(stream: Duplex, { description, provenNodeIds }: FramedSessionOptions) {
    this.description = description;
    this.provenNodeIds = provenNodeIds;
    this.#stream = stream;
    stream.on("error", (error) => this.#break(sessionError(error)));
    stream.on("drain", () => this.#inbox.queued(this.queuedBytes));
    stream.on("end", () => this.#farEnded());
    stream.on("close", () => this.#gone());
  }

  get closed(): Promise<Error | undefined> {
    return this.#ending.closed;
  }

  get queuedBytes(): number {
    return this.#isClosing ? 0 : this.#stream.writableLength + this.#turnBytes;
  }

  start(events: SessionEvents): void {
    this.#inbox.start(events);
    // Not read before: what comes early waits in the system, and holds the far end back.
    this.#stream.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  send(message: Uint8Array): void {
    if (this.#isClosing || message.length === 0 || message.length > maxFrameBytes) return;
    if (this.queuedBytes > overflowBytes) return this.#break(overflowError());
    if (this.#turn.push(message) === 1) process.nextTick(() => this.#sendTurn());
    this.#turnBytes += 2 + message.length;
    this.#inbox.queued(this.queuedBytes);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inbox.close();
    this.#sendTurn();
    this.#stream.end();
    // Read on to the far end's end: a socket closed over unread bytes would take back what was just sent.
    this.#stream.resume();
    const timer = setTimeout(() => this.#stream.destroy(), lingerMs);
    void this.closed.then(() => clearTimeout(timer));
  }

  /** All messages of one turn go to the system in one call. */
  #sendTurn(): void {
    const pieces = pack(this.#turn);
    this.#turn = [];
    this.#turnBytes = 0;
    if (pieces.length === 0 || this.#stream.destroyed) return;
    this.#stream.cork();
    const last = pieces.pop();
    for (const piece of pieces) this.#stream.write(piece);
    this.#stream.write(last, () => this.#inbox.queued(this.queuedBytes));
    this.#stream.uncork();
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosing) return;
    for (const message of this.#framer.push(chunk)) this.#inbox.receive(message);
  }

  #farEnded(): void {
    if (!this.#isClosing && this.#framer.isMidway) this.#why ??= new Error("the far end stopped in mid-message");
    this.close();
  }

  #break(why: Error): void {
    if (!this.#isClosing) this.#why ??= why;
    this.#isClosing = true;
    this.#inbox.close();
    this.#turn = [];
    this.#stream.destroy();
  }

  #gone(): void {
    this.#isClosing = true;
    this.#inbox.close();
    this.#ending.end(this.#why);
  }
}
