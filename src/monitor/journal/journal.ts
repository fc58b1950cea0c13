import { recordLength, type StoredRecord, writeRecord } from "./record.ts";
import type { SegmentFiles } from "./segment-files.ts";

/** Where the frames of a record stand. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
}

export interface JournalLimits {
  /** A segment that has grown so long is followed by the next. */
  readonly segmentBytes: number;
  /** Of what was written last, kept in memory for viewers; the rest is read from the files. */
  readonly memoryBytes: number;
}

/** A piece of a segment in memory. */
interface Chunk {
  readonly segment: number;
  /** Where it stands in the segment. */
  readonly base: number;
  readonly bytes: Buffer;
  used: number;
  written: number;
}

interface Segment {
  /** Of frames that a channel still has. */
  live: number;
  size: number;
}

const chunkBytes = 256 * 1024;

/**
 * One log of all channels, in segments that are only appended to. What was appended can be read at once; it lasts once
 * {@link flush} has come back. Segments go from the oldest on, when no channel has anything in them: so whatever says that a
 * channel was dropped stays as long as what it speaks of.
 */
export class Journal {
  readonly #files: SegmentFiles;
  readonly #limits: JournalLimits;
  readonly #segments = new Map<number, Segment>();
  #chunks: Chunk[] = [];
  #memory = 0;
  #current: number;
  #live = 0;
  #total = 0;

  /** @param first number of the segment to begin with: higher than all there are. */
  constructor(files: SegmentFiles, limits: JournalLimits, first: number) {
    this.#files = files;
    this.#limits = limits;
    this.#current = first;
    this.#segments.set(first, { live: 0, size: 0 });
  }

  /** Bytes of frames that channels have, and of all segments. */
  get sizes(): { readonly live: number; readonly total: number; readonly memory: number } {
    return { live: this.#live, total: this.#total, memory: this.#memory };
  }

  /** The oldest segment, when it is not the one that is written to. */
  get oldest(): number | undefined {
    const [oldest] = this.#segments.keys();
    return oldest === this.#current ? undefined : oldest;
  }

  /** A segment of an earlier process, with nothing live in it yet. Oldest first, before anything is appended. */
  found(segment: number, size: number): void {
    const current = this.#segments.get(this.#current) ?? { live: 0, size: 0 };
    this.#segments.delete(this.#current);
    this.#segments.set(segment, { live: 0, size });
    this.#segments.set(this.#current, current);
    this.#total += size;
  }

  /** Frames in a segment belong to a channel. */
  claim(segment: number, bytes: number): void {
    const row = this.#segments.get(segment);
    if (row) row.live += bytes;
    this.#live += bytes;
  }

  /** They no longer do. */
  release(segment: number, bytes: number): void {
    this.claim(segment, -bytes);
  }

  /** Lay a record at the end, to be written by the next flush; its frames are claimed. */
  append(record: StoredRecord): Place {
    const length = recordLength(record);
    const chunk = this.#room(length);
    const framesAt = writeRecord(record, chunk.bytes, chunk.used);
    chunk.used += length;
    const row = this.#segments.get(chunk.segment);
    if (row) row.size += length;
    this.#total += length;
    if (record.kind === "messages") this.claim(chunk.segment, record.frames.length);
    return { segment: chunk.segment, offset: chunk.base + framesAt };
  }

  #room(length: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last && last.bytes.length - last.used >= length) return last;
    const size = this.#segments.get(this.#current)?.size ?? 0;
    const isFull = size + length > this.#limits.segmentBytes && size > 0;
    if (isFull) this.#segments.set(++this.#current, { live: 0, size: 0 });
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, Math.min(chunkBytes, this.#limits.segmentBytes)));
    const chunk = { segment: this.#current, base: isFull ? 0 : size, bytes, used: 0, written: 0 };
    this.#chunks.push(chunk);
    this.#memory += bytes.length;
    return chunk;
  }

  /**
   * Write what is not written. One at a time.
   *
   * @throws what the disk says. Nothing is lost then: it stays in memory, and the next flush tries again.
   */
  async flush(): Promise<void> {
    for (const chunk of this.#chunks.filter(({ written, used }) => written < used)) {
      const { used } = chunk;
      await this.#files.write(chunk.segment, chunk.base + chunk.written, chunk.bytes.subarray(chunk.written, used));
      chunk.written = used;
    }
    if (this.#files.isLasting) this.#forget();
  }

  /** Let go of what was written long ago. The last chunk has room for more. */
  #forget(): void {
    let [oldest] = this.#chunks;
    while (this.#memory > this.#limits.memoryBytes && this.#chunks.length > 1 && oldest?.written === oldest?.used) {
      this.#memory -= oldest?.bytes.length ?? 0;
      this.#chunks.shift();
      [oldest] = this.#chunks;
    }
  }

  /** Bytes that are not on the disk, because it does not take them. */
  get unwritten(): number {
    return this.#chunks.reduce((sum, { used, written }) => sum + used - written, 0);
  }

  /** Frames of a record; from memory at once, from the disk later. */
  read({ segment, offset }: Place, length: number): Buffer | Promise<Buffer> {
    for (let n = this.#chunks.length - 1; n >= 0; n--) {
      const chunk = this.#chunks[n] as Chunk;
      if (chunk.segment === segment && offset >= chunk.base && offset < chunk.base + chunk.used)
        return chunk.bytes.subarray(offset - chunk.base, offset - chunk.base + length);
      if (chunk.segment < segment) break;
    }
    return this.#files.read(segment, offset, length);
  }

  /** Remove the oldest segments as far as no channel has anything in them. */
  async removeDead(): Promise<void> {
    for (const [segment, { live, size }] of this.#segments) {
      if (live > 0 || segment === this.#current) return;
      this.#segments.delete(segment);
      this.#total -= size;
      this.#chunks = this.#chunks.filter((chunk) => chunk.segment !== segment || this.#unloaded(chunk));
      await this.#files.remove(segment);
    }
  }

  #unloaded(chunk: Chunk): false {
    this.#memory -= chunk.bytes.length;
    return false;
  }

  sync(): Promise<void> {
    return this.#files.sync();
  }
}
