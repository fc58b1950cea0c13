import { Duplex } from "node:stream";

/** Two ends of a stream in memory, as the mesh would give them: half-close, flow control, and a clean end when destroyed. */
export function duplexPair(): [left: Duplex, right: Duplex] {
  const left: End = new End(() => right);
  const right: End = new End(() => left);
  return [left, right];
}

const chunksOnTheWay = 256 * 1024;

class End extends Duplex {
  readonly #other: () => End;
  #taken: (() => void) | undefined;

  constructor(other: () => End) {
    super({ allowHalfOpen: true, highWaterMark: chunksOnTheWay });
    this.#other = other;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const other = this.#other();
    if (other.destroyed) return done();
    // A copy: the memory is the writer's again once it is told that it was written.
    if (other.push(Buffer.from(chunk))) setImmediate(done);
    else other.#taken = done;
  }

  override _final(done: () => void): void {
    const other = this.#other();
    if (!other.destroyed) other.push(null);
    done();
  }

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#taken?.();
    this.#taken = undefined;
    const other = this.#other();
    // The far end reads an ordinary end, and cannot write any more.
    if (!other.destroyed) setImmediate(() => (error ? other.destroy(error) : other.hangUp()));
    done(null);
  }

  hangUp(): void {
    if (this.destroyed) return;
    if (!this.readableEnded) this.push(null);
    if (!this.writableEnded) this.end();
    this.once("end", () => this.destroy());
    if (this.readableEnded) this.destroy();
  }
}
