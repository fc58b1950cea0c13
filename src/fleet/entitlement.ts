import { type KeyObject, sign, verify } from "node:crypto";
import { EntitlementDocument } from "./entitlement-schema.ts";
import { FleetError } from "./errors.ts";
import { nestsDeeper } from "./json-depth.ts";
import { workerFingerprint } from "./worker-fingerprint.ts";

const prefix = "fhe1.";
const maxDepth = 4;
const dayMs = 86_400_000;

/** Longest text of an entitlement, in characters. */
export const maxEntitlementChars = 8_192;
/** Clocks may differ by so much: it counts so long before its beginning and after its end (CAT-99). */
export const entitlementToleranceMs = dayMs;
/** So long before its end people are told (CAT-99). */
export const entitlementWarningMs = 14 * dayMs;

/** An entitlement whose form is right; nobody has asked yet who signed it. */
export interface ReadEntitlement {
  readonly document: EntitlementDocument;
  /** The exact bytes that were signed. */
  readonly bytes: Buffer;
  readonly signature: Buffer;
}

/** Who judges: the keys that may sign, and the id of the server that is meant. */
export interface EntitlementJudge {
  /** Public halves, Ed25519. */
  readonly keys: readonly KeyObject[];
  readonly audience: string;
}

/** Whether the dates let it count now: before its beginning, in force, or over. */
export type EntitlementTerm = "early" | "in force" | "over";

/**
 * Sign what an entitlement is to say. The result is one word, to be copied whole: `fhe1.` and document and signature, both base64url.
 *
 * @param key private half, Ed25519.
 * @throws {FleetError} ENTITLEMENT_INVALID, naming the field.
 */
export function signEntitlement(said: Omit<EntitlementDocument, "version" | "key">, key: KeyObject): string {
  if (key.asymmetricKeyType !== "ed25519" || key.type !== "private") throw invalid("it is signed by an Ed25519 key");
  const document = checked({ version: 1, ...said, key: workerFingerprint(key) });
  const bytes = Buffer.from(JSON.stringify(document));
  const text = `${prefix}${bytes.toString("base64url")}.${sign(null, bytes, key).toString("base64url")}`;
  if (text.length > maxEntitlementChars) throw invalid(`it is longer than ${maxEntitlementChars} characters`);
  return text;
}

/** @throws {FleetError} ENTITLEMENT_INVALID. */
export function readEntitlement(text: string): ReadEntitlement {
  const word = text.trim();
  if (word.length > maxEntitlementChars) throw invalid(`it is longer than ${maxEntitlementChars} characters`);
  const [, payload = "", signed = ""] = /^fhe1\.([\w-]+)\.([\w-]{86})$/.exec(word) ?? [];
  if (payload === "") throw invalid(`it is not ${prefix}, a document, a dot and a signature: copy it whole`);
  const bytes = exactly(payload);
  return { document: checked(parsed(bytes.toString())), bytes, signature: exactly(signed) };
}

/** Why an entitlement does not count whatever the date, in words; undefined: it is genuine, and for this server. */
export function entitlementFault(read: ReadEntitlement, { keys, audience }: EntitlementJudge): string | undefined {
  const { document, bytes, signature } = read;
  const key = keys.find((known) => workerFingerprint(known) === document.key);
  if (!key) return `it is signed by the key ${document.key}, which this server does not know`;
  if (!verify(null, bytes, key, signature)) return "it was changed after it was signed";
  if (document.audience !== audience) return `it is for the server ${document.audience}, and this one is ${audience}`;
  return undefined;
}

/** @param now milliseconds since 1970. */
export function entitlementTerm({ notBefore, notAfter }: EntitlementDocument, now: number): EntitlementTerm {
  if (now < notBefore - entitlementToleranceMs) return "early";
  return now < notAfter + entitlementToleranceMs ? "in force" : "over";
}

/** Whether its end is near enough that people should hear of it, or behind us. */
export function entitlementEnds({ notAfter }: EntitlementDocument, now: number): boolean {
  return now >= notAfter - entitlementWarningMs;
}

function parsed(json: string): unknown {
  if (nestsDeeper(json, maxDepth)) throw invalid(`it nests deeper than ${maxDepth}`);
  try {
    return JSON.parse(json);
  } catch {
    throw invalid("what it holds is no JSON");
  }
}

function checked(document: unknown): EntitlementDocument {
  const read = EntitlementDocument.safeParse(document);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(`${issue?.path.join(".") || "the document"}: ${issue?.message ?? "not valid"}`);
}

/** Of the many ways to write the same bytes only the usual one: then no character can be another. */
function exactly(text: string): Buffer {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") === text) return bytes;
  throw invalid("it is damaged");
}

const invalid = (why: string): FleetError =>
  new FleetError("ENTITLEMENT_INVALID", `the entitlement is not valid: ${why}`);
