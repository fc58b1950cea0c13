import { closeSync, constants, fdatasync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { writeFileAtomic } from "../configuration/atomic-file.ts";
import { readKept } from "../management/kept-file.ts";
import type { FileVersion } from "./file-version.ts";

/**
 * How far a file has come:
 * `given` it is to have this unit, which may not be there yet; `made` the unit is there, and may have been started;
 * `succeeded`, `failed` the unit has ended, and the file is still to be put away; `left` all is done, and it stays.
 */
export type FileState = "given" | "made" | "succeeded" | "failed" | "left";

/** What is remembered of a file. */
export interface FileRecord extends FileVersion {
  readonly state: FileState;
  readonly unit: string;
}

/** Rewritten when it has so many lines more than it needs. */
const spareLines = 20_000;
const states: readonly unknown[] = ["given", "made", "succeeded", "failed", "left"] satisfies FileState[];
const datasync = promisify(fdatasync);

/**
 * What is known of the files of a watcher, in memory and as lines on disk, the last line of each file counting. A line is
 * there whole or not at all, also on a full disk and when the process is killed while it writes.
 */
export class FileJournal {
  readonly #path: string;
  readonly #records: Map<string, FileRecord>;
  readonly #ended = new Set<string>();
  /** Lines that the disk did not take and that may be written later. */
  readonly #owed = new Set<string>();
  /** False when there was no journal, or a damaged one: then units may be there that it does not know. */
  readonly isWhole: boolean;
  #fd: number;
  #lines: number;
  #flushed: Promise<void> = Promise.resolve();
  #nextFlush: Promise<void> | undefined;

  /** @throws the system error when the journal cannot be read or written. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const text = readKept(path);
    const { records, isWhole, isCut, lines } = recordsIn(text ?? "");
    this.#records = records;
    for (const [file, record] of records) this.#sort(file, record);
    this.isWhole = isWhole && text !== undefined;
    // What is good stays as it is: a full disk would not take it anew, and whoever starts on one is to watch all the same.
    const isGood = this.isWhole && !isCut;
    this.#fd = isGood ? this.#reopen() : this.#rewrite();
    this.#lines = isGood ? lines : records.size;
  }

  get records(): ReadonlyMap<string, FileRecord> {
    return this.#records;
  }

  /** Files whose unit has ended and that are still to be put away. */
  get ended(): ReadonlySet<string> {
    return this.#ended;
  }

  /** Remember, on disk first. @throws the system error; then nothing is remembered. */
  write(file: string, record: FileRecord | undefined): void {
    this.#append(lineOf(file, record));
    this.#owed.delete(file);
    this.#remember(file, record);
  }

  /** Remember in any case; on disk as soon as that takes it. For what could be found out again. */
  note(file: string, record: FileRecord | undefined): void {
    this.#remember(file, record);
    this.#owed.add(file);
    this.pay();
  }

  /** Try again to write what is owed. */
  pay(): void {
    try {
      for (const file of this.#owed) {
        this.#append(lineOf(file, this.#records.get(file)));
        this.#owed.delete(file);
      }
      if (this.#lines > 2 * this.#records.size + spareLines) this.#compact();
    } catch {
      // The next round tries again.
    }
  }

  /** Everything that was written is on the disk then, also after a power cut. One flush serves all who wait. */
  flush(): Promise<void> {
    this.#nextFlush ??= this.#flushed.then(async () => {
      this.#nextFlush = undefined;
      await datasync(this.#fd);
    });
    this.#flushed = this.#nextFlush.catch(() => undefined);
    return this.#nextFlush;
  }

  async close(): Promise<void> {
    await this.#flushed;
    closeSync(this.#fd);
  }

  #remember(file: string, record: FileRecord | undefined): void {
    if (record) this.#records.set(file, record);
    else this.#records.delete(file);
    this.#sort(file, record);
  }

  #sort(file: string, record: FileRecord | undefined): void {
    if (record?.state === "succeeded" || record?.state === "failed") this.#ended.add(file);
    else this.#ended.delete(file);
  }

  #append(line: string): void {
    const bytes = Buffer.from(line);
    const { size } = fstatSync(this.#fd);
    try {
      if (writeSync(this.#fd, bytes) === bytes.length) {
        this.#lines++;
        return;
      }
    } catch (error) {
      ftruncateSync(this.#fd, size);
      throw error;
    }
    // A disk that is nearly full takes a part and calls it done.
    ftruncateSync(this.#fd, size);
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  }

  #compact(): void {
    const before = this.#fd;
    this.#fd = this.#rewrite();
    this.#lines = this.#records.size;
    const flushed = this.#flushed;
    void flushed.then(() => closeSync(before));
  }

  #rewrite(): number {
    const text = [...this.#records].map(([file, record]) => lineOf(file, record)).join("");
    writeFileAtomic(this.#path, text, 0o600);
    return this.#reopen();
  }

  #reopen(): number {
    return openSync(this.#path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  }
}

function lineOf(file: string, record: FileRecord | undefined): string {
  const words = record ? [file, record.state, record.dev, record.stamp, record.unit] : [file];
  return `${JSON.stringify(words)}\n`;
}

interface Recorded {
  readonly records: Map<string, FileRecord>;
  readonly isWhole: boolean;
  /** The last line breaks off. */
  readonly isCut: boolean;
  readonly lines: number;
}

/** A last line that breaks off was never answered for; any other line that is none is damage. */
function recordsIn(text: string): Recorded {
  const records = new Map<string, FileRecord>();
  let isWhole = true;
  const lines = text.split("\n");
  const isCut = lines.pop() !== "";
  for (const line of lines) {
    const words = wordsIn(line);
    if (!words) isWhole = false;
    else if (words.length === 1) records.delete(words[0]);
    else records.set(words[0], { state: words[1], dev: words[2], stamp: words[3], unit: words[4] });
  }
  return { records, isWhole, isCut, lines: lines.length };
}

function wordsIn(line: string): [string] | [string, FileState, string, string, string] | undefined {
  try {
    const words: unknown = JSON.parse(line);
    if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) return undefined;
    if (words.length === 1) return words as [string];
    const isRecord = words.length === 5 && states.includes(words[1]);
    return isRecord ? (words as [string, FileState, string, string, string]) : undefined;
  } catch {
    return undefined;
  }
}
