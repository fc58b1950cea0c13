import { highWaterBytes, lowWaterBytes, type SessionEvents } from "./backend.ts";

/** How many messages wait for `start`, and how many bytes. One that is longer waits alone. */
const keptMessages = 256;
const keptBytes = 256 * 1024;

/** Where the messages of a session come in: kept until somebody listens, given one by one from then on. */
export class Inbox {
  #events: SessionEvents | undefined;
  #kept: Uint8Array[] = [];
  #bytes = 0;
  #isHigh = false;
  #isClosed = false;

  /** Nobody listens yet and no more is kept: a reliable source must pause until {@link start}. */
  get isFull(): boolean {
    return !this.#events && (this.#kept.length >= keptMessages || this.#bytes >= keptBytes);
  }

  get isStarted(): boolean {
    return this.#events !== undefined;
  }

  /** A message whose memory is the receiver's. Empty ones are dropped: they mean nothing, and real nodes die of them. */
  receive(message: Uint8Array): void {
    if (this.#isClosed || message.length === 0) return;
    if (this.#events) return this.#events.message(message);
    if (this.isFull) return;
    this.#kept.push(message);
    this.#bytes += message.length;
  }

  /** Listen, and get what came before. Only the first call counts. */
  start(events: SessionEvents): void {
    if (this.#isClosed || this.#events) return;
    this.#events = events;
    const kept = this.#kept;
    this.#kept = [];
    this.#bytes = 0;
    for (const message of kept) this.receive(message);
  }

  /** Tell how much is queued for sending whenever that changes; says `drained` when the time has come. */
  queued(bytes: number): void {
    if (bytes > highWaterBytes) this.#isHigh = true;
    if (!this.#isHigh || bytes >= lowWaterBytes) return;
    this.#isHigh = false;
    if (!this.#isClosed) this.#events?.drained();
  }

  /** Nothing is given any more. */
  close(): void {
    this.#isClosed = true;
    this.#kept = [];
    this.#bytes = 0;
  }
}
