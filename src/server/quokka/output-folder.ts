import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { appendFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Files of one unit. `output` is what `units.results` gives; the others are kept beside it. */
export type OutputName = "output" | "layers.jsonl" | "scan.txt" | "path.png";

/**
 * The output of a unit whose worker keeps none, with the server. What is added is written in its order, some at a time;
 * readers see what is on the disk.
 */
export class OutputFolder {
  readonly #dir: string;
  readonly #waiting = new Map<OutputName, Uint8Array[]>();
  readonly #readers = new Set<() => void>();
  #writing: Promise<void> | undefined;
  #failed: Error | undefined;
  /** Bytes of all files, those included that are still to be written. */
  bytes = 0;

  /** @param dir is made when something is written. */
  constructor(dir: string) {
    this.#dir = dir;
    for (const name of ["output", "layers.jsonl", "scan.txt", "path.png"] as const)
      this.bytes += sizeOf(join(dir, name));
  }

  /** Bytes of the output that can be read. */
  get size(): number {
    return sizeOf(join(this.#dir, "output"));
  }

  add(name: OutputName, bytes: Uint8Array): void {
    this.bytes += bytes.length;
    const waiting = this.#waiting.get(name);
    if (waiting) waiting.push(bytes);
    else this.#waiting.set(name, [bytes]);
    this.#writing ??= this.#write();
  }

  /** All that was added is on the disk. @throws what the disk said, if it did not take something. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#failed) throw this.#failed;
  }

  /** SHA-256 of the output, hex. */
  async sha256(): Promise<string> {
    const hash = createHash("sha256");
    if (existsSync(join(this.#dir, "output")))
      for await (const chunk of createReadStream(join(this.#dir, "output"))) hash.update(chunk as Buffer);
    return hash.digest("hex");
  }

  /** The output from a byte on; while `isOpen` it goes on as it grows. */
  async *read(from: number, isOpen: () => boolean, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = from; ; ) {
      // In this order: what is written between the two is read the next time.
      const goesOn = isOpen();
      const { size } = this;
      if (at < size)
        for await (const chunk of createReadStream(join(this.#dir, "output"), { start: at, end: size - 1, signal })) {
          at += (chunk as Buffer).length;
          yield chunk as Buffer;
        }
      if (!goesOn) return;
      if (this.size === at && isOpen()) await this.#changed(signal);
      signal.throwIfAborted();
    }
  }

  /** Readers look again. */
  wake(): void {
    for (const wake of [...this.#readers]) wake();
  }

  async remove(): Promise<void> {
    await this.#writing;
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #write(): Promise<void> {
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      while (this.#waiting.size > 0) {
        const all = [...this.#waiting];
        this.#waiting.clear();
        for (const [name, parts] of all) await appendFile(join(this.#dir, name), Buffer.concat(parts), { mode: 0o600 });
        this.wake();
      }
    } catch (error) {
      this.#failed = error as Error;
      this.#waiting.clear();
    } finally {
      this.#writing = undefined;
    }
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#readers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#readers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
