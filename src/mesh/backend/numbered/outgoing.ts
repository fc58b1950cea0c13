import { MeshError } from "../../errors.ts";
import { batchHeaderBytes, messageHeaderBytes } from "./batch.ts";

/** Messages that are sent but that the far end has not acknowledged, at most, bytes. One longer message goes alone. */
export const windowBytes = 1024 * 1024;

/** Messages on their way out, kept until the far end has them, so that they can be sent again. Does no I/O. */
export class Outgoing {
  /** Not acknowledged: the first `#sent` of them are on their way. */
  #kept: Uint8Array[] = [];
  /** Number of the first one kept. */
  #first = 1;
  #sent = 0;
  #sentBytes = 0;
  #bytes = 0;
  /** Highest number that ever was on its way. */
  #highest = 0;

  /** Bytes of all messages kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#kept.length;
  }

  /** {@link take} would give something: there is more, and the window has room. */
  get canTake(): boolean {
    return this.#sent < this.#kept.length && (this.#sent === 0 || this.#sentBytes < windowBytes);
  }

  get hasUnsent(): boolean {
    return this.#sent < this.#kept.length;
  }

  push(message: Uint8Array): void {
    this.#kept.push(message);
    this.#bytes += message.length;
  }

  /** The next messages to send, together no longer than a batch of `maxBytes`; one message goes whatever its length. */
  take(maxBytes: number): { readonly first: number; readonly messages: readonly Uint8Array[] } {
    const start = this.#sent;
    let room = maxBytes - batchHeaderBytes;
    while (this.canTake) {
      const message = this.#kept[this.#sent] as Uint8Array;
      room -= message.length + messageHeaderBytes;
      if (room < 0 && this.#sent > start) break;
      this.#sent++;
      this.#sentBytes += message.length;
    }
    this.#highest = Math.max(this.#highest, this.#first + this.#sent - 1);
    return { first: this.#first + start, messages: this.#kept.slice(start, this.#sent) };
  }

  /** The far end has everything up to `ack`. An older one changes nothing. @throws {MeshError} `PACKET_INVALID` */
  acknowledge(ack: number): void {
    if (ack > this.#highest)
      throw new MeshError("PACKET_INVALID", `the neighbour acknowledges message ${ack}, which was never sent`);
    const count = ack - this.#first + 1;
    if (count <= 0) return;
    const bytes = this.#kept.splice(0, count).reduce((sum, { length }) => sum + length, 0);
    this.#first += count;
    this.#bytes -= bytes;
    // After a rewind an acknowledgement may reach beyond what was sent again.
    this.#sentBytes = count >= this.#sent ? 0 : this.#sentBytes - bytes;
    this.#sent = Math.max(0, this.#sent - count);
  }

  /** What is not acknowledged may be lost: send it again. */
  rewind(): void {
    this.#sent = 0;
    this.#sentBytes = 0;
  }

  clear(): void {
    this.rewind();
    this.#first += this.#kept.length;
    this.#kept = [];
    this.#bytes = 0;
  }
}
