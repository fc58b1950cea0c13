import { createPublicKey, type KeyObject } from "node:crypto";
import { ServerError } from "../errors.ts";

const block = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/**
 * The keys by which entitlements may be signed: one or more Ed25519 public keys, PEM, whatever stands between them.
 *
 * @throws {ServerError} SETTINGS_INVALID.
 */
export function parseEntitlementKeys(text: string): KeyObject[] {
  const blocks = text.match(block) ?? [];
  if (text.includes("PRIVATE KEY")) throw invalid("a private key is not for the server: it stays with who signs");
  if (blocks.length === 0) throw invalid("there is no public key in it (PEM)");
  return blocks.map(keyOf);
}

function keyOf(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    throw invalid("a public key in it is damaged", error);
  }
  if (key.asymmetricKeyType !== "ed25519") throw invalid(`a key in it is ${key.asymmetricKeyType}, not Ed25519`);
  return key;
}

const invalid = (why: string, cause?: unknown): ServerError =>
  new ServerError("SETTINGS_INVALID", `keys of entitlements: ${why}`, { cause });
