import { MeshError } from "../../errors.ts";
import type { Inbox } from "../inbox.ts";
import { type Batch, maxBatchBytes } from "./batch.ts";
import { windowBytes } from "./outgoing.ts";

/** Messages on their way in: each once, in the order of their numbers, whatever came twice. Does no I/O. */
export class Incoming {
  readonly #inbox: Inbox;
  /** Came while the inbox was full: not acknowledged until it takes them. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Highest number that came. */
  #came = 0;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  /** Everything up to this number was taken in. */
  get ack(): number {
    return this.#came - this.#waiting.length;
  }

  /** Something waits for the receiver to listen. */
  get isHeldUp(): boolean {
    return this.#waiting.length > 0;
  }

  /** @throws {MeshError} `PACKET_INVALID` when messages before these are missing, or the window was not kept. */
  take({ first, messages }: Batch): void {
    if (messages.length > 0 && (first > this.#came + 1 || first < 1))
      throw new MeshError("PACKET_INVALID", `message ${first} came after message ${this.#came}`);
    for (const message of messages.slice(Math.max(0, this.#came + 1 - first))) {
      this.#came++;
      // A copy: it is the receiver's to keep, and would hold the whole batch in memory.
      this.#give(message.slice());
    }
  }

  /** The inbox may have room now. */
  resume(): void {
    while (this.#waiting.length > 0 && !this.#inbox.isFull) {
      const message = this.#waiting.shift() as Uint8Array;
      this.#waitingBytes -= message.length;
      this.#inbox.receive(message);
    }
  }

  clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #give(message: Uint8Array): void {
    if (!this.isHeldUp && !this.#inbox.isFull) return this.#inbox.receive(message);
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
    if (this.#waitingBytes > windowBytes + maxBatchBytes)
      throw new MeshError("PACKET_INVALID", "the neighbour sent more than the window allows");
  }
}
