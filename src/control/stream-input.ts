import type { Duplex } from "node:stream";
import { LineReader } from "#core";
import { ControlError } from "./errors.ts";

/**
 * Reads lines and then raw bytes from a stream, without ever taking a byte behind a line end too many: what follows a
 * line goes back into the stream at once. Both ends of the protocol read through it.
 *
 * The stream's own buffer does the reading ahead, so a broken connection is noticed while nobody reads, and memory
 * stays bounded.
 */
export class StreamInput {
  readonly #stream: Duplex;
  readonly #broken: (cause: unknown) => Error;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;
  #streamError: unknown;
  #lineSince: number | undefined;

  /** `broken` makes the error of a connection that ended uncleanly. */
  constructor(stream: Duplex, broken: (cause: unknown) => Error) {
    this.#stream = stream;
    this.#broken = broken;
    stream.on("readable", this.#look);
    stream.on("end", this.#look);
    stream.on("close", this.#look);
    // Errors come out of what reads or writes; the event only must not go unheard. It is remembered, since a TLS stream
    // whose bytes are damaged tells so and then ends as if all were well.
    stream.on("error", (error) => {
      this.#streamError ??= error;
      this.#look();
    });
  }

  /** The next line without its `\n`; the unterminated last one too when it is not empty; undefined at the end. */
  async readLine(limit: number): Promise<string | undefined> {
    const lines = new LineReader(limit);
    for (;;) {
      const chunk = this.#read();
      if (chunk === undefined) {
        const last = lines.take().toString();
        return last === "" ? undefined : last;
      }
      if (chunk === null) {
        await this.#more();
        continue;
      }
      lines.push(chunk);
      const line = lines.next();
      if (lines.tooLong) throw new ControlError("LINE_TOO_LONG", `line is longer than ${limit} bytes`);
      this.#lineSince = line ? undefined : performance.now();
      if (line) return this.#putBack(line, lines.take());
    }
  }

  /** Everything up to the clean end of the input. */
  async *bytes(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#read();
      if (chunk === undefined) return;
      if (chunk === null) await this.#more();
      else yield chunk;
    }
  }

  /** When the last bytes of an unfinished line came (`performance.now()`), or undefined between lines. */
  get lineSince(): number | undefined {
    return this.#lineSince;
  }

  /** Make whoever reads now or later fail with this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#look();
  }

  /** Stop reading, so that somebody else can read the stream. */
  detach(): void {
    this.#stream.off("readable", this.#look);
    this.#stream.off("end", this.#look);
  }

  readonly #look = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };

  /** What has come, null when nothing has, undefined at the clean end. */
  #read(): Buffer | null | undefined {
    if (this.#failure) throw this.#failure;
    const chunk = this.#stream.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (this.#streamError) throw this.#broken(this.#streamError);
    if (this.#stream.readableEnded) return undefined;
    if (this.#stream.destroyed) throw this.#broken(this.#stream.errored);
    return null;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #putBack(line: Buffer, rest: Buffer): string {
    // At once: when the end of the input has come too, the stream would otherwise announce it before `rest` is read.
    if (rest.length > 0) this.#stream.unshift(rest);
    return line.toString();
  }
}
