import { constants, type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { systemClock, systemCode } from "#core";
import { WorkError } from "../errors.ts";
import { isFinal } from "../wire.ts";
import { outputSize } from "./output.ts";
import { readAvailable } from "./read-ahead.ts";
import type { Unit } from "./unit.ts";

/** File notification does the work; this only helps where it does not exist (network file systems, watch limit). */
const lookAgainMs = 1_000;

/**
 * A unit's output from byte `from`, followed until the unit is final and all of it was given.
 *
 * The bytes given are exactly those the final status counts: what a left-over process adds later is not part of it. A
 * chunk is good until the next one is asked for.
 *
 * @throws {WorkError} `STORAGE_FAILED` when the file no longer holds what the status promises.
 */
export async function* followOutput(unit: Unit, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const news = new OutputNews(unit.folder.stdout);
  let file: FileHandle | undefined;
  try {
    for (let at = from; ; ) {
      // Look first, read second: a unit that ends between the two would lose its last bytes.
      const { status, revision } = unit;
      const final = isFinal(status.State);
      news.forget();
      // Much output is empty: a file that has nothing for us yet is not worth opening.
      if (outputSize(unit.folder.stdout) > at) file ??= await openOutput(unit.folder.stdout);
      const end = final ? status.StdoutSize : Number.MAX_SAFE_INTEGER;
      for await (const chunk of file ? readAvailable(file, at, end) : []) {
        at += chunk.length;
        yield chunk;
        signal.throwIfAborted();
      }
      if (final && at >= status.StdoutSize) return;
      if (final) throw new WorkError("STORAGE_FAILED", `the output of unit ${unit.id} is shorter than its status says`);
      await news.next(unit, revision, signal);
    }
  } finally {
    news.close();
    await file?.close();
  }
}

async function openOutput(path: string): Promise<FileHandle | undefined> {
  try {
    // Without O_NONBLOCK somebody's pipe in this place would hold a thread of the pool for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new WorkError("STORAGE_FAILED", `${path} is no plain file`);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Waits for a change of the output file or of the unit, whichever comes first, and misses none. */
class OutputNews {
  readonly #path: string;
  #watcher: FSWatcher | undefined;
  #isOfFile = false;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** What changed up to now is about to be read. */
  forget(): void {
    this.#changed = false;
    if (this.#isOfFile) return;
    const ofFile = this.#watch(this.#path);
    this.#isOfFile = ofFile !== undefined;
    // Not there yet: a mirror has its file from its first byte on. Its folder tells of it, and of what comes then.
    if (ofFile) this.#watcher?.close();
    this.#watcher = ofFile ?? this.#watcher ?? this.#watch(dirname(this.#path));
  }

  /** Without a watch the unit's own change, or the clock, will wake us. */
  #watch(path: string): FSWatcher | undefined {
    try {
      return watch(path, { persistent: false }, () => {
        this.#changed = true;
        this.#wake?.();
      }).on("error", () => undefined);
    } catch {
      return undefined;
    }
  }

  async next(unit: Unit, revision: number, signal: AbortSignal): Promise<void> {
    if (this.#changed) return;
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const file = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    try {
      await Promise.race([file, unit.changedSince(revision, either), systemClock.sleep(lookAgainMs, either)]);
    } finally {
      done.abort();
      this.#wake = undefined;
    }
  }

  close(): void {
    this.#watcher?.close();
  }
}
