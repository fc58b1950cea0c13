import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/**
 * A worker's key as people compare it: 128 bits of the SHA-256 of its public half (SPKI DER), `3f9a-…`, eight groups of
 * four. Long enough that nobody makes another key with the same one.
 *
 * @param key either half, or the public one as registrations have it.
 */
export function workerFingerprint(key: KeyObject | string): string {
  const hash = createHash("sha256").update(typeof key === "string" ? Buffer.from(key, "base64") : derOf(key));
  return (hash.digest("hex").slice(0, 32).match(/.{4}/g) ?? []).join("-");
}

function derOf(key: KeyObject): Buffer {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return half.export({ format: "der", type: "spki" });
}
