import {
  fileHeaderBytes,
  maxRecordBytes,
  type PcapFault,
  type PcapHeader,
  readPcapHeader,
  recordHeaderBytes,
} from "./pcap.ts";

/** Where a record is, and what its header says. */
export interface PcapRecord {
  /** Place of its first byte in the capture, behind the record's header. */
  readonly offset: number;
  /** Bytes that are there. */
  readonly capturedLength: number;
  /** Bytes the packet had on the wire. */
  readonly originalLength: number;
  /** Seconds since 1970, as a double: exact to the microsecond. */
  readonly time: number;
  /** Nanoseconds of that second. */
  readonly nanoseconds: number;
}

/** A first guess; it doubles whenever it is full. */
const firstCapacity = 1_024;

/**
 * The table of contents of a capture that arrives in pieces of any size. Pure; it keeps 24 bytes a record and no packet.
 *
 * A record is listed once its last byte has come. What is no capture ends in {@link PcapIndex.fault}; the records before it stay.
 */
export class PcapIndex {
  /** Undefined until its bytes have come. */
  header: PcapHeader | undefined;
  /** Why nothing more is read. */
  fault: PcapFault | undefined;
  /** How many records there are. */
  count = 0;
  /** How many bytes were given. */
  bytes = 0;
  #offsets = new Float64Array(firstCapacity);
  #words = new Uint32Array(firstCapacity * 4);
  /** The header that is being read, where it may lie across pieces. */
  readonly #head = new Uint8Array(fileHeaderBytes);
  #headLength = 0;
  /** Bytes of the record's packet that have not come. */
  #skip = 0;

  /** Bytes that came next. They are not kept. */
  push(chunk: Uint8Array): void {
    const start = this.bytes;
    this.bytes += chunk.length;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < chunk.length && this.fault === undefined; ) {
      if (this.#skip > 0) at = this.#pass(at, chunk.length);
      else if (this.header && this.#headLength === 0 && chunk.length - at >= recordHeaderBytes) {
        this.#record(view, at, start + at + recordHeaderBytes, this.header);
        at += recordHeaderBytes;
      } else at = this.#collect(chunk, at, start);
    }
  }

  /** A record by its number from 0. @throws {RangeError} when there is none. */
  record(number: number): PcapRecord {
    if (!(number >= 0 && number < this.count)) throw new RangeError(`no record ${number} of ${this.count}`);
    const [seconds = 0, nanoseconds = 0, capturedLength = 0, originalLength = 0] = this.#words.subarray(number * 4);
    const offset = this.#offsets[number] as number;
    return { offset, capturedLength, originalLength, time: seconds + nanoseconds / 1e9, nanoseconds };
  }

  /** The capture ends in the middle of something: its writer was cut off, or more is to come. */
  get isMidway(): boolean {
    return this.#skip > 0 || this.#headLength > 0;
  }

  #pass(at: number, end: number): number {
    const passed = Math.min(this.#skip, end - at);
    this.#skip -= passed;
    if (this.#skip === 0) this.count++;
    return at + passed;
  }

  #collect(chunk: Uint8Array, at: number, start: number): number {
    const wanted = this.header ? recordHeaderBytes : fileHeaderBytes;
    const part = chunk.subarray(at, at + wanted - this.#headLength);
    this.#head.set(part, this.#headLength);
    this.#headLength += part.length;
    const next = at + part.length;
    if (this.#headLength < wanted) return next;
    this.#headLength = 0;
    if (this.header) this.#record(new DataView(this.#head.buffer), 0, start + next, this.header);
    else this.#begin(readPcapHeader(this.#head));
    return next;
  }

  #begin(read: PcapHeader | PcapFault): void {
    if (typeof read === "string") this.fault = read;
    else this.header = read;
  }

  #record(view: DataView, at: number, offset: number, { littleEndian, nanoseconds }: PcapHeader): void {
    const length = view.getUint32(at + 8, littleEndian);
    if (length > maxRecordBytes) {
      this.fault = "a record has an impossible length";
      return;
    }
    if (this.count === this.#offsets.length) this.#grow();
    this.#offsets[this.count] = offset;
    const word = this.count * 4;
    this.#words[word] = view.getUint32(at, littleEndian);
    this.#words[word + 1] = view.getUint32(at + 4, littleEndian) * (nanoseconds ? 1 : 1_000);
    this.#words[word + 2] = length;
    this.#words[word + 3] = view.getUint32(at + 12, littleEndian);
    this.#skip = length;
    if (length === 0) this.count++;
  }

  #grow(): void {
    const offsets = new Float64Array(this.#offsets.length * 2);
    offsets.set(this.#offsets);
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#offsets = offsets;
    this.#words = words;
  }
}
