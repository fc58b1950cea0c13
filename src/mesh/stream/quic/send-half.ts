import { type QuicConnection, QuicStreamEnded } from "./engine.ts";

type Done = (error?: Error) => void;

const nothing = Buffer.alloc(0);

/**
 * What we write on a stream, until the engine takes it, which copies.
 *
 * The last byte stays here until the next turn, since the end often follows at once: together they are one datagram,
 * and a bare end may have to wait for an acknowledgement.
 */
export class SendHalf {
  readonly #connection: QuicConnection;
  readonly #stream: number;
  #chunks: Uint8Array[] = [];
  #next = 0;
  #lastByte: Uint8Array = nothing;
  #written: Done | undefined;
  #ended: Done | undefined;
  #finishedAt: number | undefined;
  /** The far end reads no more: the rest is dropped, as TCP would do, and what it says is still read. */
  #dropping = false;

  constructor(connection: QuicConnection, stream: number) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** When the engine had everything including our end (`performance.now()`). */
  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  /** Somebody waits for bytes of theirs to be taken. */
  get isWaiting(): boolean {
    return this.#written !== undefined || this.#ended !== undefined;
  }

  /** Calls `done` when the chunks may be altered. Only one `write` or `end` at a time. */
  write(chunks: readonly Uint8Array[], done: Done): void {
    const [last] = chunks.slice(-1);
    this.#written = done;
    if (!last || last.length === 0) this.#chunks = [this.#lastByte, ...chunks];
    else this.#chunks = [this.#lastByte, ...chunks.slice(0, -1), last.subarray(0, -1)];
    this.#lastByte = last ? Uint8Array.from(last.subarray(-1)) : nothing;
    this.#next = 0;
    this.#push();
  }

  /** Our end, after everything that was written. */
  end(done: Done): void {
    this.#ended = done;
    this.#push();
  }

  /** A new turn: give the engine all that it takes. */
  turn(): void {
    this.#push();
    if (this.isWaiting || this.#lastByte.length === 0) return;
    if (this.#offer(this.#lastByte, false) === 1) this.#lastByte = nothing;
  }

  /** Take nothing any more: `done` waits for {@link fail}. */
  refuse(done: Done): void {
    this.#written = done;
  }

  /** Whoever waits hears of it; what they wrote is lost. */
  fail(error: Error): void {
    const waiting = [this.#written, this.#ended];
    this.#written = this.#ended = undefined;
    this.#chunks = [];
    for (const done of waiting) done?.(error);
  }

  #push(): void {
    if (!this.#pushChunks()) return;
    const written = this.#written;
    this.#written = undefined;
    this.#chunks = [];
    written?.();
    if (this.#ended) this.#pushEnd(this.#ended);
  }

  #pushChunks(): boolean {
    for (let chunk = this.#chunks[this.#next]; chunk; chunk = this.#chunks[++this.#next]) {
      const taken = chunk.length === 0 ? 0 : (this.#offer(chunk, false) ?? 0);
      if (taken < chunk.length) {
        this.#chunks[this.#next] = chunk.subarray(taken);
        return false;
      }
    }
    return true;
  }

  #pushEnd(ended: Done): void {
    if (this.#offer(this.#lastByte, true) !== this.#lastByte.length) return;
    this.#lastByte = nothing;
    this.#finishedAt = performance.now();
    this.#ended = undefined;
    ended();
  }

  #offer(bytes: Uint8Array, fin: boolean): number | undefined {
    if (this.#dropping) return bytes.length;
    try {
      return this.#connection.streamSend(this.#stream, bytes, fin);
    } catch (error) {
      if (!(error instanceof QuicStreamEnded)) throw error;
      this.#dropping = true;
      return bytes.length;
    }
  }
}
