import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { systemCode } from "#core";
import { WorkerError } from "../errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";

/** Seals the secrets of old versions, so that a copy of the history alone is worth nothing (CAT-73). */
export interface LocalSeal {
  /** Equal texts give equal bytes: so it is seen that a secret was not changed, without opening it. */
  seal(text: string): Uint8Array;
  /** @throws {WorkerError} CONFIG_SEALED: another key, or changed. */
  open(sealed: Uint8Array): string;
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM with the nonce made from the text by HMAC-SHA256 under a key of its own: a nonce is used twice for equal
 * texts only, which then give the same bytes.
 *
 * @param key 32 bytes, see {@link localKey}.
 */
export function localSeal(key: Uint8Array): LocalSeal {
  const [cipherKey, nonceKey] = ["cipher", "nonce"].map((use) =>
    Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), `farhand configuration ${use}`, keyBytes)),
  ) as [Buffer, Buffer];
  return {
    seal(text) {
      const nonce = createHmac("sha256", nonceKey).update(text).digest().subarray(0, nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", cipherKey, nonce, { authTagLength: tagBytes });
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed) {
      const bytes = Buffer.from(sealed);
      try {
        const nonce = bytes.subarray(0, nonceBytes);
        const decipher = createDecipheriv("aes-256-gcm", cipherKey, nonce, { authTagLength: tagBytes });
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString();
      } catch (error) {
        const why = "a secret of an old version does not open with this worker's key; give it anew";
        throw new WorkerError("CONFIG_SEALED", why, { cause: error });
      }
    },
  };
}

/** The key of this worker's history: made the first time, 0600. */
export function localKey(path: string): Uint8Array {
  try {
    const key = Buffer.from(readFileSync(path, "utf8").trim(), "base64");
    if (key.length === keyBytes) return key;
    throw new WorkerError("CONFIG_SEALED", `${path} holds no key; move it away, and secrets of old versions are lost`);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  const key = randomBytes(keyBytes);
  writeFileAtomic(path, `${key.toString("base64")}\n`, 0o600);
  return key;
}
