import { readFile, stat } from "node:fs/promises";

/** A file that is looked at now and then. */
export class LookedFile {
  readonly path: string;
  readonly #maxBytes: number;
  #seen = "";

  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.#maxBytes = maxBytes;
  }

  /**
   * Hand its text to `take` when it has changed since that last took it. What cannot be read or taken is looked at again.
   *
   * @throws what reading it throws, and what `take` throws.
   */
  async look(take: (text: string) => void): Promise<void> {
    const { mtimeMs, ctimeMs, size, ino } = await stat(this.path);
    const seen = [mtimeMs, ctimeMs, size, ino].join();
    if (seen === this.#seen) return;
    if (size > this.#maxBytes) throw new Error(`it is longer than ${this.#maxBytes} bytes`);
    take(await readFile(this.path, "utf8"));
    this.#seen = seen;
  }
}
