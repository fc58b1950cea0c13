import { blankDataFrame, frameHeaderBytes } from "./frames.ts";

/** One write of a stream's user on its way out, cut into frames as the far end allows. */
export class Outgoing {
  #chunks: readonly Uint8Array[] = [];
  /** The next byte is number `#at` of chunk `#first`. */
  #first = 0;
  #at = 0;
  #bytes = 0;
  #done: ((error?: Error) => void) | undefined;

  /** Bytes of the write that are still here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Take a write; there is never a second one before `done` was called. */
  put(chunks: readonly Uint8Array[], done: (error?: Error) => void): void {
    this.#chunks = chunks;
    this.#first = 0;
    this.#at = 0;
    this.#bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#done = done;
  }

  /** A data frame with the next `length` bytes, of as many chunks as it takes; `length` is at most {@link bytes}. */
  takeFrame(id: number, length: number): Buffer {
    const frame = blankDataFrame(id, length);
    for (let at = frameHeaderBytes; at < frame.length; ) at += this.#copyTo(frame, at);
    this.#bytes -= length;
    return frame;
  }

  /** Tell the user of the write that it is over. */
  finish(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    this.#chunks = [];
    this.#bytes = 0;
    done?.(error);
  }

  /** Fill `frame` from `at` on with what is left of the current chunk. */
  #copyTo(frame: Buffer, at: number): number {
    const chunk = this.#chunks[this.#first] ?? new Uint8Array();
    const length = Math.min(frame.length - at, chunk.length - this.#at);
    frame.set(length === chunk.length ? chunk : chunk.subarray(this.#at, this.#at + length), at);
    this.#at += length;
    if (this.#at === chunk.length) {
      this.#first++;
      this.#at = 0;
    }
    return length;
  }
}
