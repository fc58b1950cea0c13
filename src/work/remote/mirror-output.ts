import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { flushFile } from "../unit/flush.ts";
import { type OutputDigest, outputSize } from "../unit/output.ts";
import { readAvailable } from "../unit/read-ahead.ts";

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

/** The output of another node's unit as far as it has come: a file, its length and its hash. */
export class MirrorOutput {
  readonly #path: string;
  /** Made by the first byte: much work says nothing. */
  #file: FileHandle | undefined;
  #size = 0;
  #hash: Hash = createHash("sha256");
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Open the file, with what earlier connections and daemons have brought. @throws system errors. */
  static async open(path: string): Promise<MirrorOutput> {
    const output = new MirrorOutput(path);
    if (outputSize(path) === 0) return output;
    try {
      const file = await output.#opened();
      for await (const chunk of readAvailable(file, 0, Number.MAX_SAFE_INTEGER)) output.#count(chunk);
      return output;
    } catch (error) {
      await output.close();
      throw error;
    }
  }

  /** Bytes that are here: where the next ones go, and where another connection goes on. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the bytes before these are written; so the disk and the network work at the same time. */
  async append(chunk: Uint8Array): Promise<void> {
    await this.#writing;
    this.#writing = this.#write(chunk, this.#size);
    // Whoever appends next, or seals, hears of it.
    this.#writing.catch(() => undefined);
    this.#count(chunk);
  }

  /** Throw away what is here, to fetch it again. */
  async clear(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file?.truncate(0);
    this.#size = 0;
    this.#hash = createHash("sha256");
  }

  /** Everything is on disk when this returns. @throws system errors. */
  async seal(): Promise<OutputDigest> {
    await this.#writing;
    if (this.#file && this.#size > 0) await flushFile(this.#file.fd);
    return { bytes: this.#size, sha256: this.#hash.copy().digest("hex") };
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file?.close();
  }

  async #opened(): Promise<FileHandle> {
    this.#file ??= await open(this.#path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    return this.#file;
  }

  #count(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  async #write(chunk: Uint8Array, from: number): Promise<void> {
    const file = await this.#opened();
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, at, chunk.length - at, from + at);
      at += bytesWritten;
    }
  }
}
