import { type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { isJsonObject, type Json } from "#core";

/**
 * How a node proves its id where its certificate cannot be seen: it signs what the listener has just thought of. The dialer
 * offers it with {@link proofHeader}, the listener takes it up with the same, and then says its challenge first.
 */

/** With {@link proofVersion} as its value, in the request and in its answer. */
export const proofHeader = "Farhand-Proof";
export const proofVersion = "1";
/** Longest of the two messages, in bytes. */
export const maxProofBytes = 2_048;

/** What a listener wants signed. */
export interface ProofChallenge {
  /** Node id of the listener. */
  readonly hub: string;
  /** 256 random bits, base64url; good on this connection alone. */
  readonly nonce: string;
}

/** What the dialer answers. */
export interface NodeProof {
  readonly node: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

export function newChallenge(hub: string): ProofChallenge {
  return { hub, nonce: randomBytes(32).toString("base64url") };
}

/** @param key an Ed25519 key, private. */
export function proveNode(node: string, challenge: ProofChallenge, key: KeyObject): NodeProof {
  return { node, signature: sign(null, provenBytes(node, challenge), key).toString("base64url") };
}

/** @param key the one the node is known by, public. */
export function isNodeProof({ node, signature }: NodeProof, challenge: ProofChallenge, key: KeyObject): boolean {
  const bytes = Buffer.from(signature, "base64url");
  return bytes.length === 64 && verify(null, provenBytes(node, challenge), key, bytes);
}

/** Undefined: it is none. */
export function readChallenge(text: string): ProofChallenge | undefined {
  const { hub, nonce } = fieldsOf(text);
  if (typeof hub !== "string" || typeof nonce !== "string" || !/^[\w-]{43}$/.test(nonce)) return undefined;
  return { hub, nonce };
}

/** Undefined: it is none. */
export function readProof(text: string): NodeProof | undefined {
  const { node, signature } = fieldsOf(text);
  return typeof node === "string" && typeof signature === "string" ? { node, signature } : undefined;
}

function fieldsOf(text: string): Readonly<Record<string, Json>> {
  if (text.length > maxProofBytes) return {};
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** JSON, so that no field can be read as part of another; the first word, so that no other signature can be this one. */
function provenBytes(node: string, { hub, nonce }: ProofChallenge): Buffer {
  return Buffer.from(JSON.stringify(["farhand-road/1", nonce, hub, node]));
}
