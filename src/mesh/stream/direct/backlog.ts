/** Pieces shorter than this are put together while they wait: many tiny ones must not cost many times their bytes. */
const smallBytes = 8 * 1024;

/**
 * Bytes that came for a reader who is not reading. Holds at most a small multiple of them in memory, however they were
 * cut and however large the messages were that brought them.
 */
export class Backlog {
  readonly #pieces: Buffer[] = [];
  /** The last piece is the first `#used` bytes of this, when it was put together here. */
  #tail: Buffer | undefined;
  #used = 0;

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  add(piece: Uint8Array): void {
    if (piece.length < smallBytes) return this.#gather(piece);
    this.#tail = undefined;
    this.#pieces.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }

  /** The oldest bytes, or undefined when there are none. */
  take(): Buffer | undefined {
    const piece = this.#pieces.shift();
    // What was given out must not grow any more.
    if (this.isEmpty) this.#tail = undefined;
    return piece;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#tail = undefined;
  }

  #gather(piece: Uint8Array): void {
    if (this.#tail === undefined || this.#tail.length - this.#used < piece.length) {
      // No pool: its memory is shared with others who may keep it.
      const room = Math.min(smallBytes, Math.max(64, 2 * Math.max(piece.length, this.#tail?.length ?? 0)));
      this.#tail = Buffer.allocUnsafeSlow(Math.max(room, piece.length));
      this.#used = 0;
      this.#pieces.push(this.#tail);
    }
    this.#tail.set(piece, this.#used);
    this.#used += piece.length;
    this.#pieces[this.#pieces.length - 1] = this.#tail.subarray(0, this.#used);
  }
}
