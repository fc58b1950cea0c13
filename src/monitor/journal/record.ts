import { crc32 } from "node:zlib";
import { MonitorError } from "../errors.ts";

/**
 * What a segment file is made of (docs/wire/monitor.md): each record is its length and its CRC-32, then
 *
 * kind (1 byte), zero (1), length of the channel's id (2), number of messages (4), position of the first (8, a double), time
 * (8, a double, milliseconds since 1970), the id (UTF-8), the messages as WebSocket frames. Numbers are big endian.
 */
export type StoredRecord =
  | {
      readonly kind: "messages";
      readonly id: string;
      /** Position of the first message in its channel. */
      readonly from: number;
      readonly count: number;
      /** Of the last of them, milliseconds since 1970. */
      readonly time: number;
      readonly frames: Buffer;
    }
  /** The channel, as far as it stands before, is gone. */
  | { readonly kind: "dropped"; readonly id: string; readonly time: number };

/** A record and where it stands. */
export interface FoundRecord {
  readonly record: StoredRecord;
  /** Where its frames begin. */
  readonly framesAt: number;
  /** Where the next one begins. */
  readonly end: number;
}

const prefixBytes = 8;
const headBytes = 24;
const messagesKind = 1;
const droppedKind = 2;

/** How many bytes it takes. */
export function recordLength(record: StoredRecord): number {
  return recordOverhead(record.id) + (record.kind === "messages" ? record.frames.length : 0);
}

/** The record's bytes; its frames are the last of them. */
export function encodeRecord(record: StoredRecord): Buffer {
  const bytes = Buffer.allocUnsafe(recordLength(record));
  writeRecord(record, bytes, 0);
  return bytes;
}

/** Write it at `at`, where there is room for it. @returns where its frames begin. */
export function writeRecord(record: StoredRecord, bytes: Buffer, at: number): number {
  const { from, count } = record.kind === "messages" ? record : { from: 0, count: 0 };
  const bodyAt = at + prefixBytes;
  const idAt = bodyAt + headBytes;
  const framesAt = idAt + bytes.write(record.id, idAt);
  bytes[bodyAt] = record.kind === "messages" ? messagesKind : droppedKind;
  bytes[bodyAt + 1] = 0;
  bytes.writeUInt16BE(framesAt - idAt, bodyAt + 2);
  bytes.writeUInt32BE(count, bodyAt + 4);
  bytes.writeDoubleBE(from, bodyAt + 8);
  bytes.writeDoubleBE(record.time, bodyAt + 16);
  if (record.kind === "messages") bytes.set(record.frames, framesAt);
  const end = at + recordLength(record);
  bytes.writeUInt32BE(end - bodyAt, at);
  bytes.writeUInt32BE(crc32(bytes.subarray(bodyAt, end)), at + 4);
  return framesAt;
}

/** The record at `at`. @throws {MonitorError} `RECORD_INVALID` when no whole and unaltered one stands there. */
export function decodeRecord(bytes: Buffer, at: number): FoundRecord {
  if (bytes.length - at < prefixBytes + headBytes) throw invalid(at, "it is torn");
  const length = bytes.readUInt32BE(at);
  const bodyAt = at + prefixBytes;
  const end = bodyAt + length;
  if (length < headBytes || end > bytes.length) throw invalid(at, "it is torn");
  if (crc32(bytes.subarray(bodyAt, end)) !== bytes.readUInt32BE(at + 4)) throw invalid(at, "its checksum is wrong");
  const idAt = bodyAt + headBytes;
  const framesAt = idAt + bytes.readUInt16BE(bodyAt + 2);
  if (framesAt > end) throw invalid(at, "its id is longer than itself");
  const id = bytes.toString("utf8", idAt, framesAt);
  const time = bytes.readDoubleBE(bodyAt + 16);
  if (bytes[bodyAt] === droppedKind) return { record: { kind: "dropped", id, time }, framesAt, end };
  if (bytes[bodyAt] !== messagesKind) throw invalid(at, `its kind is ${bytes[bodyAt]}`);
  const count = bytes.readUInt32BE(bodyAt + 4);
  const from = bytes.readDoubleBE(bodyAt + 8);
  return { record: { kind: "messages", id, from, count, time, frames: bytes.subarray(framesAt, end) }, framesAt, end };
}

/** Bytes of a record that are not its frames. */
function recordOverhead(id: string): number {
  return prefixBytes + headBytes + Buffer.byteLength(id);
}

function invalid(at: number, why: string): MonitorError {
  return new MonitorError("RECORD_INVALID", `the record at byte ${at}: ${why}`);
}
