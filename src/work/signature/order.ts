/**
 * The signed order, byte by byte (`docs/wire/signed-order.md`). No I/O.
 *
 * There is exactly one way to write an order, and only that is read: two texts are never the same order.
 */
import { createHash, type KeyObject } from "node:crypto";
import { WorkError } from "../errors.ts";
import type { SignedOperation, WorkFacts } from "./facts.ts";
import { refusal } from "./refusals.ts";

/** What a signature covers. Hashes and ids are lower-case hex, times milliseconds since 1970. */
export interface Order {
  readonly operation: SignedOperation;
  readonly unitId: string;
  readonly workType: string;
  /** See {@link paramsDigest}. */
  readonly paramsSha256: string;
  readonly payloadSha256: string;
  /** Node that shall carry it out. */
  readonly target: string;
  /** Node that asks for it. */
  readonly submitter: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** 16 random bytes. */
  readonly nonce: string;
  readonly keyId: string;
}

/** An order as it was read, with the bytes that were signed. */
export interface SignedOrder {
  readonly order: Order;
  readonly bytes: Buffer;
  readonly signature: Buffer;
}

/** What every order's text begins with; no token does. */
export const orderPrefix = "fh1.";
/** SHA-256 of no bytes at all, hex. */
export const emptySha256 = createHash("sha256").digest("hex");

const domain = Buffer.from("farhand-order\0\x01", "latin1");
const paramsDomain = Buffer.from("farhand-params\0\x01", "latin1");
const longestField = 1024;
/** Eleven fields at their longest, and the signature, in base64. */
const longestText = 16 * 1024;

/** How each field is written, in this order. A number is the length in bytes of hex; a time has eight. */
const layout = [
  ["operation", "text"],
  ["unitId", "text"],
  ["workType", "text"],
  ["paramsSha256", 32],
  ["payloadSha256", 32],
  ["target", "text"],
  ["submitter", "text"],
  ["notBefore", "time"],
  ["notAfter", "time"],
  ["nonce", 16],
  ["keyId", 32],
] as const satisfies readonly (readonly [keyof Order, "text" | "time" | number])[];

const operations: ReadonlySet<string> = new Set<SignedOperation>([
  "submit",
  "cancel",
  "release",
  "force-release",
  "results",
]);

/** The bytes that are signed. @throws {WorkError} `REQUEST_INVALID` for a text that is too long or no Unicode. */
export function encodeOrder(order: Order): Buffer {
  return Buffer.concat([domain, ...layout.flatMap(([field, kind]) => prefixed(2, encodeField(order[field], kind)))]);
}

function encodeField(value: string | number, kind: "text" | "time" | number): Buffer {
  if (kind === "time") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
  }
  if (kind !== "text") return Buffer.from(String(value), "hex");
  const bytes = utf8(String(value));
  if (bytes.length <= longestField) return bytes;
  throw new WorkError("REQUEST_INVALID", `a text longer than ${longestField} bytes cannot be signed`);
}

function prefixed(width: 2 | 4, bytes: Buffer): [Buffer, Buffer] {
  const length = Buffer.alloc(width);
  length.writeUIntBE(bytes.length, 0, width);
  return [length, bytes];
}

/** Half a surrogate pair would become U+FFFD, and two different texts the same bytes. */
function utf8(text: string): Buffer {
  if (/\p{Surrogate}/u.test(text)) throw new WorkError("REQUEST_INVALID", "a text that is no Unicode cannot be signed");
  return Buffer.from(text, "utf8");
}

/** The `signature` text of a request. */
export function orderText(bytes: Uint8Array, signature: Uint8Array): string {
  return `${orderPrefix}${Buffer.from(bytes).toString("base64url")}.${Buffer.from(signature).toString("base64url")}`;
}

/** Read a text that begins with {@link orderPrefix}. Nothing is verified yet. @throws {WorkError} `SIGNATURE_INVALID`. */
export function readOrder(text: string): SignedOrder {
  if (text.length > longestText) throw malformed(`it is longer than ${longestText} characters`);
  const [body = "", sealed = "", ...more] = text.slice(orderPrefix.length).split(".");
  const bytes = bytesOf(body);
  const signature = bytesOf(sealed);
  if (more.length > 0 || signature.length !== 64) throw malformed("it is not an order and its signature");
  return { order: decodeOrder(bytes), bytes, signature };
}

function bytesOf(base64: string): Buffer {
  const bytes = Buffer.from(base64, "base64url");
  if (bytes.toString("base64url") !== base64) throw malformed("it is no base64url");
  return bytes;
}

/** Read the bytes that were signed. @throws {WorkError} `SIGNATURE_INVALID`. */
export function decodeOrder(bytes: Buffer): Order {
  if (!bytes.subarray(0, domain.length).equals(domain)) throw malformed("it is of an unknown version");
  const values: Record<string, string | number> = {};
  let at = domain.length;
  for (const [field, kind] of layout) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw malformed(`it ends inside ${field}`);
    values[field] = decodeField(bytes.subarray(at + 2, end), field, kind);
    at = end;
  }
  if (at !== bytes.length) throw malformed("bytes stand behind its end");
  if (!operations.has(String(values["operation"]))) throw malformed("its operation is unknown");
  return values as unknown as Order;
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeField(bytes: Buffer, field: string, kind: "text" | "time" | number): string | number {
  const isFit = kind === "text" ? bytes.length <= longestField : bytes.length === (kind === "time" ? 8 : kind);
  if (!isFit) throw malformed(`${field} has a wrong length`);
  if (kind === "time") {
    const time = Number(bytes.readBigUInt64BE());
    if (Number.isSafeInteger(time)) return time;
    throw malformed(`${field} is no time`);
  }
  if (kind !== "text") return bytes.toString("hex");
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    throw malformed(`${field} is no text`);
  }
}

function malformed(why: string): WorkError {
  return refusal("SIGNATURE_INVALID", `the order cannot be read: ${why}`);
}

/** SHA-256 over params, whatever order they came in. @throws {WorkError} `REQUEST_INVALID` for a text that is no Unicode. */
export function paramsDigest(params: Readonly<Record<string, string>>): string {
  const entries = Object.entries(params).map(([name, value]) => [utf8(name), utf8(value)] as const);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  const count = Buffer.alloc(4);
  count.writeUInt32BE(entries.length);
  const hash = createHash("sha256").update(paramsDomain).update(count);
  for (const piece of entries.flatMap(([name, value]) => [...prefixed(4, name), ...prefixed(4, value)]))
    hash.update(piece);
  return hash.digest("hex");
}

/** What an order says about params: the params of a submit, the place where results begin, or nothing. */
export function digestOfFacts(facts: WorkFacts): string {
  if (facts.operation === "submit") return paramsDigest(facts.params);
  return paramsDigest(facts.operation === "results" ? { startpos: String(facts.startPos) } : {});
}

/** Id of an Ed25519 public key: SHA-256 of its SPKI in DER. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}
