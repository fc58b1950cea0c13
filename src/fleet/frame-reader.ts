import { lengthBytes, maxMessageBytes } from "./envelope.ts";
import { FleetError } from "./errors.ts";

const nothing = Buffer.alloc(0);

/**
 * Cuts a stream of bytes into messages.
 *
 * Keeps what has come and a small multiple of it: a length that promises much costs nothing until the bytes are there,
 * and a message that comes byte by byte no more than one that comes whole.
 */
export class FrameReader {
  /** What has come and was not given out: the bytes from `#start` to `#end`. */
  #buffer = nothing;
  #start = 0;
  #end = 0;

  /** The memory of `chunk` stays the caller's. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole message without its length, or undefined. Its memory is good until the next {@link push}.
   *
   * @throws {FleetError} MESSAGE_INVALID when one is announced that is too long.
   */
  next(): Buffer | undefined {
    const held = this.#end - this.#start;
    if (held === 0) return this.#forget();
    if (held < lengthBytes) return undefined;
    const length = this.#buffer.readUInt32BE(this.#start);
    if (length > maxMessageBytes) throw new FleetError("MESSAGE_INVALID", `a message of ${length} bytes was announced`);
    if (held < lengthBytes + length) return undefined;
    const from = this.#start + lengthBytes;
    this.#start = from + length;
    return this.#buffer.subarray(from, this.#start);
  }

  /** An idle conversation holds no memory. */
  #forget(): undefined {
    this.#buffer = nothing;
    this.#start = this.#end = 0;
  }

  #makeRoom(bytes: number): void {
    const held = this.#buffer.subarray(this.#start, this.#end);
    const room = Buffer.allocUnsafeSlow(Math.max(held.length + bytes, Math.min(2 * held.length, 2 * maxMessageBytes)));
    room.set(held);
    this.#buffer = room;
    this.#start = 0;
    this.#end = held.length;
  }
}
