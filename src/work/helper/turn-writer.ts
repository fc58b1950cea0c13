import type { Writable } from "node:stream";

/**
 * Writes what was said in one turn of the event loop as one piece.
 *
 * A write to a socket wakes the process at the other end, which costs more than the message; starts and endings of short
 * units come in bunches.
 */
export class TurnWriter {
  readonly #stream: Writable;
  #pieces: (string | Buffer)[] = [];

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(piece: string | Buffer): void {
    this.#pieces.push(piece);
    if (this.#pieces.length === 1) setImmediate(() => this.flush());
  }

  /** Write now what is still waiting for the end of the turn. */
  flush(): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    if (pieces.length === 0 || this.#stream.destroyed) return;
    this.#stream.write(Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece))));
  }
}
