import { type FileHandle, open } from "node:fs/promises";
import type { Seal } from "../auth/seal.ts";
import { decodeEvent, encodeEvent, type RecordingEvent } from "./events.ts";
import { altered, maxRecordBytes, newRecordingKey, openRecord, recordHeadBytes, sealRecord } from "./sealed-records.ts";

/** What such a file begins with; then the sealed key with its length, then records. */
const magic = Buffer.from("farhand-recording-1\n");
const lengthBytes = 2;
/** Behind the last record: its place and length, so that the end is found from behind. */
const trailerBytes = 16;
const trailerMark = 0x66_68_65_6e;

/** Writes one recording. A record is there whole or not at all: of one that could not be written nothing stays. */
export class RecordingWriter {
  readonly #file: FileHandle;
  readonly #key: Uint8Array;
  readonly #id: string;
  #position: number;
  #place = 0;

  private constructor(file: FileHandle, key: Uint8Array, id: string, position: number) {
    this.#file = file;
    this.#key = key;
    this.#id = id;
    this.#position = position;
  }

  /** Make the file, for its owner alone. @throws what the disk says; then there is none. */
  static async make(path: string, id: string, seal: Seal): Promise<RecordingWriter> {
    const key = newRecordingKey();
    const sealed = seal.seal(key, keyPlace(id));
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt16BE(sealed.length);
    const start = Buffer.concat([magic, length, sealed]);
    const file = await open(path, "wx", 0o600);
    try {
      await writeAll(file, start, 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new RecordingWriter(file, key, id, start.length);
  }

  /** Bytes that are written, whole records all of them. */
  get size(): number {
    return this.#position;
  }

  get records(): number {
    return this.#place;
  }

  /** @throws what the disk says; then nothing was added. One after another. */
  async add(event: RecordingEvent): Promise<void> {
    const record = sealRecord(this.#key, this.#id, this.#place, encodeEvent(event));
    const all = event.kind === "end" ? Buffer.concat([record, trailerOf(this.#place, record.length)]) : record;
    await writeAll(this.#file, all, this.#position).catch(async (error: unknown) => {
      // A shorter record written over this part would leave its rest behind, and that would read as an alteration.
      await this.#file.truncate(this.#position).catch(() => {});
      throw error;
    });
    this.#position += all.length;
    this.#place++;
  }

  /** The file ends behind the last whole record. */
  async close(): Promise<void> {
    await this.#file.truncate(this.#position).catch(() => {});
    await this.#file.datasync().catch(() => {});
    await this.#file.close();
  }
}

/** How far a file may be read now. */
export interface Written {
  /** Bytes that are there; more may come while `more` resolves with true. */
  readonly size: () => number;
  readonly more: (behind: number, signal: AbortSignal) => Promise<boolean>;
}

/**
 * The events of a recording, as far as it was written; with `written` also those that are still to come.
 *
 * @throws {ServerError} RECORDING_ALTERED, SEALED_UNREADABLE; the reason of `signal`; what the disk says.
 */
export async function* readRecording(
  path: string,
  id: string,
  seal: Seal,
  signal: AbortSignal,
  written?: Written,
): AsyncGenerator<RecordingEvent> {
  await using file = await open(path, "r");
  const { key, position } = await readKey(file, id, seal);
  for (let at = position, place = 0; ; place++) {
    const head = await part(file, at, recordHeadBytes, signal, written);
    if (!head) return;
    const length = head.readUInt32BE();
    if (length > maxRecordBytes) throw altered(id, place);
    const sealed = await part(file, at + recordHeadBytes, length, signal, written);
    if (!sealed) return;
    const event = decodeEvent(openRecord(key, id, place, sealed));
    yield event;
    at += recordHeadBytes + length;
    if (event.kind === "end") return await requireEnd(file, id, at, trailerOf(place, recordHeadBytes + length));
  }
}

/** First and last event; `end` is undefined when there is none: it goes on, or broke off. Throws as {@link readRecording}. */
export async function readEnds(path: string, id: string, seal: Seal) {
  await using file = await open(path, "r");
  const { key, position } = await readKey(file, id, seal);
  const { size } = await file.stat();
  const first = await recordAt(file, position);
  if (!first) throw altered(id, 0);
  const head = decodeEvent(openRecord(key, id, 0, first));
  const trailer = await readExactly(file, size - trailerBytes, trailerBytes);
  if (trailer?.readUInt32BE(12) !== trailerMark) return { head, end: undefined, size };
  const place = Number(trailer.readBigUInt64BE());
  const last = await recordAt(file, size - trailerBytes - trailer.readUInt32BE(8));
  if (!last) throw altered(id, place);
  return { head, end: decodeEvent(openRecord(key, id, place, last)), size };
}

async function readKey(file: FileHandle, id: string, seal: Seal) {
  const start = await readExactly(file, 0, magic.length + lengthBytes);
  if (!start?.subarray(0, magic.length).equals(magic)) throw altered(id, 0);
  const sealed = await readExactly(file, start.length, start.readUInt16BE(magic.length));
  if (!sealed) throw altered(id, 0);
  return { key: seal.open(sealed, keyPlace(id)), position: start.length + sealed.length };
}

async function recordAt(file: FileHandle, at: number): Promise<Buffer | undefined> {
  const head = await readExactly(file, at, recordHeadBytes);
  const length = head?.readUInt32BE() ?? Number.POSITIVE_INFINITY;
  return length > maxRecordBytes ? undefined : await readExactly(file, at + recordHeadBytes, length);
}

/** So many bytes, once they are there; undefined: they will not be. */
async function part(file: FileHandle, at: number, length: number, signal: AbortSignal, written?: Written) {
  for (;;) {
    signal.throwIfAborted();
    if (!written || written.size() >= at + length) return await readExactly(file, at, length);
    if (!(await written.more(at + length - 1, signal))) return await readExactly(file, at, length);
  }
}

/** Nothing but the trailer stands behind the end. */
async function requireEnd(file: FileHandle, id: string, at: number, trailer: Buffer): Promise<void> {
  const { size } = await file.stat();
  const there = await readExactly(file, at, trailerBytes);
  const place = Number(trailer.readBigUInt64BE());
  if (!there?.equals(trailer) || size !== at + trailerBytes) throw altered(id, place + 1);
}

function trailerOf(place: number, length: number): Buffer {
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeBigUInt64BE(BigInt(place));
  trailer.writeUInt32BE(length, 8);
  trailer.writeUInt32BE(trailerMark, 12);
  return trailer;
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Buffer | undefined> {
  if (at < 0) return undefined;
  const bytes = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, at + filled);
    if (bytesRead === 0) return undefined;
    filled += bytesRead;
  }
  return bytes;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

const keyPlace = (id: string): string => `recording:${id}:key`;
