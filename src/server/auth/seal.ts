import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { ServerError } from "../errors.ts";

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** Seals what must be read again and must not stand in the database as it is. */
export interface Seal {
  /**
   * @param place where it will stand, such as `user:ID:totp`: sealed bytes that were moved elsewhere do not open.
   */
  seal(secret: Uint8Array, place: string): Buffer;
  /** @throws {ServerError} SEALED_UNREADABLE: another key, another place, or changed. */
  open(sealed: Uint8Array, place: string): Buffer;
}

/**
 * AES-256-GCM: version, nonce, tag, ciphertext. Nonces are random; of the few secrets of one server (far below 2^32) no
 * two get the same.
 *
 * @param key 32 bytes, see `openServerKey`.
 */
export function sealWith(key: Uint8Array): Seal {
  return {
    seal(secret, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(place));
      const text = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), text]);
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed);
      if (bytes[0] !== version || bytes.length < 1 + nonceBytes + tagBytes) throw unreadable(place);
      const nonce = bytes.subarray(1, 1 + nonceBytes);
      const tag = bytes.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
      try {
        const text = decipher.update(bytes.subarray(1 + nonceBytes + tagBytes));
        return Buffer.concat([text, decipher.final()]);
      } catch {
        throw unreadable(place);
      }
    },
  };
}

const unreadable = (place: string): ServerError =>
  new ServerError("SEALED_UNREADABLE", `the sealed secret ${place} does not open with this server's key`);
