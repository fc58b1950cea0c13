import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";

/** A payload that is hashed while it is read. Nothing is kept of it, and whoever reads sets the pace. */
export class HashedPayload {
  /** The same bytes. */
  readonly bytes: Readable;
  readonly #hash = createHash("sha256");

  constructor(source: Readable) {
    this.bytes = Readable.from(this.#seen(source), { objectMode: false });
  }

  /** SHA-256, hex, of all of it: what nobody has read is read now, and dropped. @throws when it breaks off. */
  async digest(): Promise<string> {
    this.bytes.resume();
    await finished(this.bytes);
    return this.#hash.copy().digest("hex");
  }

  async *#seen(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#hash.update(chunk);
      yield chunk;
    }
  }
}
