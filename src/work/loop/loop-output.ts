import { rmSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { systemCode } from "#core";
import { WorkError } from "../errors.ts";
import type { LoopSettings } from "../settings.ts";
import { flushFile } from "../unit/flush.ts";
import { outputSize } from "../unit/output.ts";
import type { UnitFolder } from "../unit/unit-folder.ts";

/** What a helper sends of its task's output, put where the type wants it (docs/decisions/0014). One lease has one. */
export class LoopOutput {
  readonly #path: string;
  readonly #stdout: string;
  readonly #maxBytes: number;
  #file: FileHandle | undefined;

  constructor({ stdout }: UnitFolder, { output, maxOutputBytes }: Pick<LoopSettings, "output" | "maxOutputBytes">) {
    this.#stdout = stdout;
    this.#path = output === "live" ? stdout : `${stdout}.next`;
    this.#maxBytes = maxOutputBytes ?? Number.MAX_SAFE_INTEGER;
  }

  /** Bytes that are on record of this attempt. */
  get size(): number {
    return outputSize(this.#path);
  }

  /** The unit's own output has begun: what is there has been seen, and cannot be taken back. */
  get isShown(): boolean {
    return outputSize(this.#stdout) > 0;
  }

  /** Throw away what an attempt wrote where nobody has seen it. */
  discard(): void {
    if (this.#path !== this.#stdout) rmSync(this.#path, { force: true });
  }

  /**
   * Put bytes in their place. What is there already is not written again, so that a helper may repeat itself.
   *
   * @returns false when there is more than the type allows; what it allows is there then.
   * @throws {WorkError} `OUTPUT_GAP`, `STORAGE_FAILED`.
   */
  async write(offset: number, bytes: Uint8Array): Promise<boolean> {
    const { size } = this;
    if (offset > size) throw gap(`output from byte ${offset} on, and ${size} are there`);
    const news = bytes.subarray(Math.min(size - offset, bytes.length));
    const room = Math.max(0, this.#maxBytes - size);
    if (news.length > 0) await this.#append(news.subarray(0, room));
    return news.length <= room;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    try {
      this.#file ??= await open(this.#path, "a", 0o600);
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at);
        at += bytesWritten;
      }
    } catch (error) {
      const message = `the output cannot be stored: ${systemCode(error) ?? String(error)}`;
      throw new WorkError("STORAGE_FAILED", message, { cause: error });
    }
  }

  /** The attempt has ended with a result: what it wrote is the unit's output. Doing it twice is doing it once. */
  async settle(): Promise<void> {
    await this.close();
    if (this.#path === this.#stdout || !(await flushed(this.#path))) return;
    await rename(this.#path, this.#stdout);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/** @returns false when there is no such file. */
async function flushed(path: string): Promise<boolean> {
  try {
    const file = await open(path, "r");
    await flushFile(file.fd).finally(() => file.close());
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** What a helper says of its output does not fit what is there. */
export function gap(what: string): WorkError {
  return new WorkError("OUTPUT_GAP", what);
}
