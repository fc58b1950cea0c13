/** Frames of a run of messages, end to end. */
export interface FrameRun {
  readonly bytes: Buffer;
  readonly count: number;
}

const firstBytes = 256;
const nothing = Buffer.alloc(0);
/** A run that is longer is closed, and the next begun: it is what a viewer gets in one piece. */
const runBytes = 64 * 1024;

/** Collects frames into runs, to be taken all at once. Each frame is copied, and where it came from can be forgotten. */
export class FrameList {
  #closed: FrameRun[] = [];
  #bytes = nothing;
  #used = 0;
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(frame: Buffer): void {
    if (this.#used + frame.length > Math.max(runBytes, this.#bytes.length) && this.#count > 0) this.#close();
    if (this.#used + frame.length > this.#bytes.length) this.#grow(this.#used + frame.length);
    this.#bytes.set(frame, this.#used);
    this.#used += frame.length;
    this.#count++;
  }

  /** Everything there is; then it is empty. */
  take(): readonly FrameRun[] {
    if (this.#count > 0) this.#close();
    const runs = this.#closed;
    this.#closed = [];
    return runs;
  }

  #close(): void {
    this.#closed.push({ bytes: this.#bytes.subarray(0, this.#used), count: this.#count });
    this.#bytes = nothing;
    this.#used = 0;
    this.#count = 0;
  }

  #grow(needed: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(needed, Math.min(runBytes, this.#bytes.length * 2), firstBytes));
    this.#bytes.copy(bytes, 0, 0, this.#used);
    this.#bytes = bytes;
  }
}
