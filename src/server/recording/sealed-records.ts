import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { ServerError } from "../errors.ts";

const cipher = "aes-256-gcm";
const tagBytes = 16;
const keyBytes = 32;
const nonceBytes = 12;
/** Of a sealed record, before it. */
export const recordHeadBytes = 4;
/** Longer ones are none of ours, bytes. */
export const maxRecordBytes = 128 * 1024;

export const newRecordingKey = (): Buffer => randomBytes(keyBytes);

/**
 * Seals the records of one recording, each for its place: none can be altered, left out, swapped or put into another
 * recording unseen. A place may be tried twice, when the disk was full over the first, so it makes no nonce; one of 96
 * random bits serves 2^32 records of a key (NIST SP 800-38D §8.3), and the key is this recording's alone.
 */
export function sealRecord(key: Uint8Array, id: string, place: number, plain: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(placeOf(id, place));
  const text = Buffer.concat([sealing.update(plain), sealing.final()]);
  const head = Buffer.alloc(recordHeadBytes);
  head.writeUInt32BE(nonceBytes + text.length + tagBytes);
  return Buffer.concat([head, nonce, text, sealing.getAuthTag()]);
}

/** @throws {ServerError} RECORDING_ALTERED. */
export function openRecord(key: Uint8Array, id: string, place: number, sealed: Buffer): Buffer {
  try {
    const nonce = sealed.subarray(0, nonceBytes);
    const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes });
    opening.setAAD(placeOf(id, place)).setAuthTag(sealed.subarray(nonceBytes).subarray(-tagBytes));
    return Buffer.concat([opening.update(sealed.subarray(nonceBytes, -tagBytes)), opening.final()]);
  } catch {
    throw altered(id, place);
  }
}

export function altered(id: string, place: number): ServerError {
  return new ServerError("RECORDING_ALTERED", `the recording ${id} was altered at its record ${place}`);
}

const placeOf = (id: string, place: number): Buffer => Buffer.from(`recording:${id}:${place}`);
