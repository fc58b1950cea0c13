const LF = 0x0a;
const nothing = Buffer.alloc(0);

/**
 * Splits bytes that arrive in any pieces into lines. Pure: no stream, no clock.
 *
 * Holds one unfinished line (at most twice the limit, however small the pieces) and what is left of the piece given
 * last. Call `next()` until it gives undefined, then `push()` again.
 */
export class LineReader {
  readonly #limit: number;
  /** The beginning of a line whose end has not come yet is the first `#length` bytes of `#partial`. */
  #partial: Buffer = nothing;
  #length = 0;
  #chunk: Buffer = nothing;
  #tooLong = false;

  /** `limit` is the longest line in bytes, without its `\n`. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Give the bytes that came next. They are not copied while they hold whole lines, so do not change them. */
  push(chunk: Uint8Array): void {
    if (this.#tooLong) return;
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#chunk = this.#chunk.length === 0 ? bytes : Buffer.concat([this.#chunk, bytes]);
  }

  /** The next whole line without its `\n`, or undefined until more bytes came. */
  next(): Buffer | undefined {
    const end = this.#chunk.indexOf(LF);
    const found = end === -1 ? this.#chunk : this.#chunk.subarray(0, end);
    if (this.#length + found.length > this.#limit) return this.#giveUp();
    if (end === -1) {
      this.#keep(found);
      this.#chunk = nothing;
      return undefined;
    }
    this.#chunk = this.#chunk.subarray(end + 1);
    return this.#length === 0 ? found : this.#finish(found);
  }

  /** Everything that was not given out as a line; the reader is empty afterwards. */
  take(): Buffer {
    const rest = this.#length === 0 ? this.#chunk : this.#finish(this.#chunk);
    this.#chunk = nothing;
    return rest;
  }

  /** True once a line went over the limit. Nothing more comes out and nothing more is kept: there is no next line. */
  get tooLong(): boolean {
    return this.#tooLong;
  }

  /** True while the beginning of a line is held whose end has not come. */
  get inLine(): boolean {
    return this.#length > 0;
  }

  #keep(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#partial.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(256, length * 2), Math.max(this.#limit, length)));
      this.#partial.copy(larger, 0, 0, this.#length);
      this.#partial = larger;
    }
    piece.copy(this.#partial, this.#length);
    this.#length = length;
  }

  #finish(piece: Buffer): Buffer {
    this.#keep(piece);
    const line = this.#partial.subarray(0, this.#length);
    this.#partial = nothing;
    this.#length = 0;
    return line;
  }

  #giveUp(): undefined {
    this.#tooLong = true;
    this.#partial = nothing;
    this.#chunk = nothing;
    this.#length = 0;
  }
}
