import type { SummaryEntry } from "./link-state.ts";

/**
 * What Farhand neighbours say to each other alone, never flooded: a sign of life with the digest of all they know, a
 * summary to find out what differs, and a question that is answered at once. A neighbour that is not Farhand never gets one. Bytes: docs/wire/mesh.md.
 */
export const neighbourMessageType = { alive: 17, summary: 18, probe: 20 } as const;

/** Whether the neighbour is there, and that it is. */
export type Probe = "question" | "answer";

/** `[20][0 question, 1 answer]` */
export function encodeProbe(probe: Probe): Uint8Array {
  return Uint8Array.of(neighbourMessageType.probe, probe === "answer" ? 1 : 0);
}

/** @returns undefined when the message is not sound. */
export function decodeProbe(message: Uint8Array): Probe | undefined {
  if (message.length !== 2) return undefined;
  return message[1] === 0 ? "question" : message[1] === 1 ? "answer" : undefined;
}

const aliveBytes = 5;
const headerBytes = 18;
const entryBytes = 24;

/** `[17][digest u32]` */
export function encodeAlive(digest: number): Uint8Array {
  const message = Buffer.allocUnsafe(aliveBytes);
  message[0] = neighbourMessageType.alive;
  message.writeUInt32BE(digest, 1);
  return message;
}

/** @returns the neighbour's digest, or undefined when the message is not sound. */
export function decodeAlive(message: Uint8Array): number | undefined {
  if (message.length !== aliveBytes) return undefined;
  let digest = 0;
  for (let at = 1; at < aliveBytes; at++) digest = (digest << 8) | (message[at] as number);
  return digest >>> 0;
}

/** All records whose hash lies in a range; what is not listed the sender does not have. */
export interface Summary extends HashRange {
  /** The receiver shall answer with its own summary of the range if it lacks anything. */
  readonly wantsAnswer: boolean;
  readonly entries: readonly SummaryEntry[];
}

/** Hashes from one to another, both ends included; 16 hex digits each. */
export interface HashRange {
  readonly from: string;
  readonly to: string;
}

/** Every hash there is. */
export const allHashes: HashRange = { from: "0".repeat(16), to: "f".repeat(16) };

/** Pieces of at most `maxBytes` that together cover a range. @param entries of that range, in order of their hashes. */
export function summaries(
  entries: readonly SummaryEntry[],
  { from, to }: HashRange,
  wantsAnswer: boolean,
  maxBytes: number,
): Summary[] {
  const perPiece = Math.max(1, Math.floor((maxBytes - headerBytes) / entryBytes));
  const pieces: Summary[] = [];
  let start = from;
  for (let at = 0; at === 0 || at < entries.length; at += perPiece) {
    const piece = entries.slice(at, at + perPiece);
    const last = piece.at(-1);
    const end = last === undefined || at + perPiece >= entries.length ? to : last.hash;
    pieces.push({ from: start, to: end, wantsAnswer, entries: piece });
    start = next(end);
  }
  return pieces;
}

function next(hash: string): string {
  return ((BigInt(`0x${hash}`) + 1n) & 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, "0");
}

/** `[18][flags][from u64][to u64]` and for each entry `[hash u64][epoch u64][sequence u64]`. */
export function encodeSummary({ from, to, wantsAnswer, entries }: Summary): Uint8Array {
  const message = Buffer.alloc(headerBytes + entries.length * entryBytes);
  message[0] = neighbourMessageType.summary;
  message[1] = wantsAnswer ? 1 : 0;
  message.write(from, 2, "hex");
  message.write(to, 10, "hex");
  entries.forEach(({ hash, epoch, sequence }, index) => {
    const at = headerBytes + index * entryBytes;
    message.write(hash, at, "hex");
    message.writeBigUInt64BE(epoch, at + 8);
    message.writeBigUInt64BE(sequence, at + 16);
  });
  return message;
}

/** @returns undefined when the message is not sound. */
export function decodeSummary(message: Uint8Array): Summary | undefined {
  if (message.length < headerBytes || (message.length - headerBytes) % entryBytes !== 0) return undefined;
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const entries: SummaryEntry[] = [];
  for (let at = headerBytes; at < bytes.length; at += entryBytes) {
    const hash = bytes.toString("hex", at, at + 8);
    entries.push({ hash, epoch: bytes.readBigUInt64BE(at + 8), sequence: bytes.readBigUInt64BE(at + 16) });
  }
  const from = bytes.toString("hex", 2, 10);
  return { from, to: bytes.toString("hex", 10, 18), wantsAnswer: ((bytes[1] ?? 0) & 1) === 1, entries };
}
