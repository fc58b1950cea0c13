import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { ServerError } from "../errors.ts";

const cipher = "aes-256-gcm";
const tagBytes = 16;
const keyBytes = 32;
/** Of a sealed record, before it. */
export const recordHeadBytes = 4;
/** Longer ones are none of ours, bytes. */
export const maxRecordBytes = 128 * 1024;

export const newRecordingKey = (): Buffer => randomBytes(keyBytes);

/**
 * Seals the records of one recording, each for its place: none can be altered, left out, swapped or put into another
 * recording unseen. The key is this recording's alone, so the place makes a nonce that is used once.
 */
export function sealRecord(key: Uint8Array, id: string, place: number, plain: Uint8Array): Buffer {
  const sealing = createCipheriv(cipher, key, nonceOf(place), { authTagLength: tagBytes }).setAAD(placeOf(id, place));
  const text = Buffer.concat([sealing.update(plain), sealing.final()]);
  const head = Buffer.alloc(recordHeadBytes);
  head.writeUInt32BE(text.length + tagBytes);
  return Buffer.concat([head, text, sealing.getAuthTag()]);
}

/** @throws {ServerError} RECORDING_ALTERED. */
export function openRecord(key: Uint8Array, id: string, place: number, sealed: Buffer): Buffer {
  try {
    const opening = createDecipheriv(cipher, key, nonceOf(place), { authTagLength: tagBytes });
    opening.setAAD(placeOf(id, place)).setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([opening.update(sealed.subarray(0, -tagBytes)), opening.final()]);
  } catch {
    throw altered(id, place);
  }
}

export function altered(id: string, place: number): ServerError {
  return new ServerError("RECORDING_ALTERED", `the recording ${id} was altered at its record ${place}`);
}

function nonceOf(place: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(place), 4);
  return nonce;
}

const placeOf = (id: string, place: number): Buffer => Buffer.from(`recording:${id}:${place}`);
