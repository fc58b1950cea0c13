import { constants } from "node:fs";
import { type FileHandle, open, readdir, readFile, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errorText, type FileLock, type Log, makeFolders, tryLockFile } from "#core";
import { MonitorError } from "../errors.ts";
import { decodeRecord, type FoundRecord } from "./record.ts";

/** Where segments are kept: a folder, or nowhere. Segments have numbers that only grow. */
export interface SegmentFiles {
  /** Segments of nowhere live in memory alone, so nothing of them may be let go. */
  readonly isLasting: boolean;
  write(segment: number, offset: number, bytes: Buffer): Promise<void>;
  read(segment: number, offset: number, length: number): Promise<Buffer>;
  remove(segment: number): Promise<void>;
  /** All that was written is on the disk itself, and survives the machine. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Segments that nobody keeps. */
export const noFiles: SegmentFiles = {
  isLasting: false,
  write: () => Promise.resolve(),
  read: () => Promise.reject(new Error("it was in memory only")),
  remove: () => Promise.resolve(),
  sync: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

const nameOf = (segment: number): string => `${String(segment).padStart(10, "0")}.seg`;

/** A folder of segment files (0600 in 0700), held by one process at a time. */
export class SegmentFolder implements SegmentFiles {
  readonly isLasting = true;
  readonly #folder: string;
  readonly #lock: FileLock;
  readonly #handles = new Map<number, Promise<FileHandle>>();
  readonly #unsynced = new Set<number>();

  private constructor(folder: string, lock: FileLock) {
    this.#folder = folder;
    this.#lock = lock;
  }

  /** @throws {MonitorError} `MONITOR_STORAGE_FAILED`, `MONITOR_STORAGE_TAKEN` */
  static async open(folder: string): Promise<SegmentFolder> {
    try {
      makeFolders(folder, 0o700);
      const lock = tryLockFile(join(folder, "lock"));
      if (lock) return new SegmentFolder(folder, lock);
    } catch (error) {
      throw new MonitorError("MONITOR_STORAGE_FAILED", `storage.folder: ${errorText(error)}`, { cause: error });
    }
    throw new MonitorError("MONITOR_STORAGE_TAKEN", `storage.folder: another monitor keeps its channels in ${folder}`);
  }

  /** Segments that are there, oldest first. */
  async segments(): Promise<number[]> {
    const names = await readdir(this.#folder);
    return names
      .flatMap((name) => (/^\d{10}\.seg$/.test(name) ? [Number.parseInt(name, 10)] : []))
      .sort((a, b) => a - b);
  }

  /**
   * Every record of a segment that is whole, in order. What stands behind them, as a process leaves it that was killed while
   * it wrote, is cut off, and said.
   */
  async *records(segment: number, log: Log): AsyncGenerator<FoundRecord> {
    const path = join(this.#folder, nameOf(segment));
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; ) {
      let found: FoundRecord;
      try {
        found = decodeRecord(bytes, at);
      } catch (error) {
        log.warn(`${path}: ${errorText(error)}; its last ${bytes.length - at} bytes are cut off`);
        await truncate(path, at);
        return;
      }
      yield found;
      at = found.end;
    }
  }

  async write(segment: number, offset: number, bytes: Buffer): Promise<void> {
    const handle = await this.#handle(segment);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at);
      at += bytesWritten;
    }
    this.#unsynced.add(segment);
  }

  async read(segment: number, offset: number, length: number): Promise<Buffer> {
    const handle = await this.#handle(segment);
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0) throw new Error(`${nameOf(segment)} ends before byte ${offset + length}`);
      at += bytesRead;
    }
    return bytes;
  }

  async remove(segment: number): Promise<void> {
    const handle = this.#handles.get(segment);
    this.#handles.delete(segment);
    this.#unsynced.delete(segment);
    await unlink(join(this.#folder, nameOf(segment)));
    // Waits for reads that go on.
    await (await handle)?.close();
  }

  async sync(): Promise<void> {
    for (const segment of [...this.#unsynced]) {
      const handle = this.#handles.get(segment);
      // Before: what is written meanwhile is for the next time.
      this.#unsynced.delete(segment);
      try {
        if (handle) await (await handle).datasync();
      } catch (error) {
        this.#unsynced.add(segment);
        throw error;
      }
    }
  }

  async close(): Promise<void> {
    try {
      await this.sync();
      for (const handle of this.#handles.values()) await (await handle).close();
    } finally {
      this.#handles.clear();
      this.#lock.close();
    }
  }

  #handle(segment: number): Promise<FileHandle> {
    const known = this.#handles.get(segment);
    if (known) return known;
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const opened = open(join(this.#folder, nameOf(segment)), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    this.#handles.set(segment, opened);
    // The next one who asks tries again: the folder may have been mended.
    opened.catch(() => this.#handles.delete(segment));
    return opened;
  }
}
