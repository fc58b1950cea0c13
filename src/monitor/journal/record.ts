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

/** The record's bytes; its frames are the last of them. */
export function encodeRecord(record: StoredRecord): Buffer {
  const id = Buffer.from(record.id);
  const { from, count, frames } = record.kind === "messages" ? record : { from: 0, count: 0, frames: Buffer.alloc(0) };
  const bytes = Buffer.allocUnsafe(prefixBytes + headBytes + id.length + frames.length);
  bytes[8] = record.kind === "messages" ? messagesKind : droppedKind;
  bytes[9] = 0;
  bytes.writeUInt16BE(id.length, 10);
  bytes.writeUInt32BE(count, 12);
  bytes.writeDoubleBE(from, 16);
  bytes.writeDoubleBE(record.time, 24);
  bytes.set(id, prefixBytes + headBytes);
  bytes.set(frames, prefixBytes + headBytes + id.length);
  bytes.writeUInt32BE(bytes.length - prefixBytes, 0);
  bytes.writeUInt32BE(crc32(bytes.subarray(prefixBytes)), 4);
  return bytes;
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
export function recordOverhead(id: string): number {
  return prefixBytes + headBytes + Buffer.byteLength(id);
}

function invalid(at: number, why: string): MonitorError {
  return new MonitorError("RECORD_INVALID", `the record at byte ${at}: ${why}`);
}
