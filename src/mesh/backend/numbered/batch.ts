import { MeshError } from "../../errors.ts";

/**
 * Several messages in one body, with their numbers: what the roads over HTTP and RabbitMQ carry
 * (docs/wire/numbered-batches.md). All integers are big-endian.
 */
export interface Batch {
  /** Number of the first message, from 1 upwards. Means nothing when there is none. */
  readonly first: number;
  /** The sender of this batch has every message up to this number. */
  readonly ack: number;
  /** Nothing comes after these messages: the sender closed the session in order. */
  readonly isLast: boolean;
  readonly messages: readonly Uint8Array[];
}

/** Longest message of a numbered session, bytes: as of the other roads, so that what one carries another does too. */
export const maxNumberedMessageBytes = 65_535;
/** Longest batch, bytes: below the 1 MiB that many reverse proxies allow a body. */
export const maxBatchBytes = 512 * 1024;
/** What a batch takes besides its messages, and what each message takes besides its bytes. */
export const batchHeaderBytes = 14;
export const messageHeaderBytes = 4;

const version = 1;
const lastFlag = 1;
const maxNumber = 2 ** 48 - 1;

export function encodeBatch({ first, ack, isLast, messages }: Batch): Buffer {
  const length = messages.reduce((sum, message) => sum + messageHeaderBytes + message.length, batchHeaderBytes);
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = version;
  bytes[1] = isLast ? lastFlag : 0;
  bytes.writeUIntBE(first, 2, 6);
  bytes.writeUIntBE(ack, 8, 6);
  let at = batchHeaderBytes;
  for (const message of messages) {
    at = bytes.writeUInt32BE(message.length, at);
    bytes.set(message, at);
    at += message.length;
  }
  return bytes;
}

/** The messages lie in the memory of `bytes`. @throws {MeshError} `PACKET_INVALID` */
export function decodeBatch(bytes: Uint8Array): Batch {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < batchHeaderBytes || view.length > maxBatchBytes) throw invalid(`of ${view.length} bytes`);
  if (view[0] !== version) throw invalid(`of version ${view[0]}`);
  const first = view.readUIntBE(2, 6);
  const messages: Uint8Array[] = [];
  for (let at = batchHeaderBytes; at < view.length; ) {
    const from = at + messageHeaderBytes;
    if (from > view.length) throw invalid("that ends inside a length");
    const length = view.readUInt32BE(at);
    at = from + length;
    if (length === 0 || length > maxNumberedMessageBytes) throw invalid(`with a message of ${length} bytes`);
    if (at > view.length) throw invalid("that ends inside a message");
    messages.push(view.subarray(from, at));
  }
  if (first + messages.length > maxNumber) throw invalid(`that begins with message ${first}`);
  return { first, ack: view.readUIntBE(8, 6), isLast: ((view[1] ?? 0) & lastFlag) !== 0, messages };
}

function invalid(what: string): MeshError {
  return new MeshError("PACKET_INVALID", `the neighbour sent a batch ${what}`);
}
