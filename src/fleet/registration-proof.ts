import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** What a worker signs at a registration: this start of it, with this secret, now, and nothing else (CAT-34). */
export interface ProofClaims {
  /** From the server, for this one registration. */
  readonly nonce: string;
  /** Empty at the first registration. */
  readonly workerId: string;
  readonly instance: string;
  /** The forward secret that comes with it; 32 bytes. */
  readonly secret: Uint8Array;
}

/** Ed25519 signature over `farhand-register/1`, the claims and the SHA-256 of the secret; base64. */
export function signProof(claims: ProofClaims, privateKey: KeyObject): string {
  return sign(null, proofBytes(claims), privateKey).toString("base64");
}

/** @param publicKey one that {@link isWorkerKey}. */
export function isProof(signature: string, claims: ProofClaims, publicKey: string): boolean {
  const bytes = Buffer.from(signature, "base64");
  return bytes.length === 64 && verify(null, proofBytes(claims), workerKey(publicKey), bytes);
}

/** What stands before the 32 bytes of an Ed25519 key in its SPKI (RFC 8410 §4): there is one way to write it. */
const keyPrefix = Buffer.from("302a300506032b6570032100", "hex");
const keyBytes = 32;

/** Whether it is an Ed25519 key, SPKI DER in base64, written in the one way: keys are compared as text. */
export function isWorkerKey(publicKey: string): boolean {
  if (publicKey.length > 100) return false;
  const der = Buffer.from(publicKey, "base64");
  return (
    der.length === keyPrefix.length + keyBytes &&
    der.subarray(0, keyPrefix.length).equals(keyPrefix) &&
    der.toString("base64") === publicKey
  );
}

/** The key as registrations have it. @param key either half. */
export function workerKeyText(key: KeyObject): string {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return half.export({ format: "der", type: "spki" }).toString("base64");
}

/** @throws for a text that is none: see {@link isWorkerKey}. */
export function workerKey(publicKey: string): KeyObject {
  if (!isWorkerKey(publicKey)) throw new TypeError("it is no key of a worker");
  // Several times as fast as to have the DER read.
  const x = Buffer.from(publicKey, "base64").subarray(keyPrefix.length).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

/** JSON, so that no claim can be read as part of another. */
function proofBytes({ nonce, workerId, instance, secret }: ProofClaims): Buffer {
  const hash = createHash("sha256").update(secret).digest("hex");
  return Buffer.from(JSON.stringify(["farhand-register/1", nonce, workerId, instance, hash]));
}
