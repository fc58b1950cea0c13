import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { MeshError } from "../errors.ts";

/** Shorter keys are refused by those who shall believe them; longer ones are a way to keep a server busy. */
const bounds = { min: 1024, max: 16_384 };

/** A new RSA key. @throws {MeshError} `CERTIFICATE_INVALID` for a length that is of no use. */
export async function makeKey(bits: number): Promise<KeyObject> {
  if (!Number.isInteger(bits) || bits < bounds.min || bits > bounds.max) {
    const message = `key bits must be from ${bounds.min} to ${bounds.max}, and ${bits} are not`;
    throw new MeshError("CERTIFICATE_INVALID", message);
  }
  return (await promisify(generateKeyPair)("rsa", { modulusLength: bits })).privateKey;
}

/** A new ECDSA key on P-256. */
export async function makeEcKey(): Promise<KeyObject> {
  return (await promisify(generateKeyPair)("ec", { namedCurve: "P-256" })).privateKey;
}
