import type { Duplex } from "node:stream";
import { systemCode } from "#core";
import type { Session, SessionEvents } from "../backend.ts";
import { hungUpError, sessionError } from "../dial-error.ts";
import { Ending } from "../ending.ts";
import { Inbox } from "../inbox.ts";
import { overflowBytes, overflowError } from "../overflow.ts";
import { tlsMismatch, tlsWordIn } from "../tls-mismatch.ts";
import { Framer, maxFrameBytes } from "./framer.ts";
import { pack } from "./pack.ts";

/** How long what is queued may take to go out after `close`, milliseconds. */
const lingerMs = 1000;

/** What a session cannot see of its stream. */
export interface FramedSessionOptions {
  readonly description: string;
  readonly provenNodeIds?: readonly string[] | undefined;
  /** It is TLS. */
  readonly isTls: boolean;
  /** We came to the far end, and not it to us. */
  readonly isDialled: boolean;
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
  readonly #isTls: boolean;
  readonly #isDialled: boolean;
  #isHeard = false;
  #why: Error | undefined;
  #isClosing = false;
  /** What this turn has to send, and its bytes. */
  #turn: Uint8Array[] = [];
  #turnBytes = 0;

  constructor(stream: Duplex, { description, provenNodeIds, isTls, isDialled }: FramedSessionOptions) {
    this.description = description;
    this.provenNodeIds = provenNodeIds;
    this.#isTls = isTls;
    this.#isDialled = isDialled;
    this.#stream = stream;
    stream.on("error", (error) => this.#break(this.#meant(error)));
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
    if (!this.#isHeard && !this.#isFirstWord(chunk)) return;
    for (const message of this.#framer.push(chunk)) this.#inbox.receive(message);
  }

  /** @returns false when the session is over because of it. */
  #isFirstWord(chunk: Buffer): boolean {
    this.#isHeard = true;
    const word = this.#isTls ? undefined : tlsWordIn(chunk);
    if (word) this.#break(tlsMismatch(word));
    return !word;
  }

  #meant(error: Error): Error {
    const isHungUp = systemCode(error) === "ECONNRESET" && this.#isDialled && !this.#isHeard;
    return isHungUp ? hungUpError(this.#isTls, error) : sessionError(error);
  }

  #farEnded(): void {
    if (!this.#isClosing && this.#framer.isMidway) this.#why ??= new Error("the far end stopped in mid-message");
    if (!this.#isClosing && this.#isDialled && !this.#isHeard) this.#why ??= hungUpError(this.#isTls);
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
