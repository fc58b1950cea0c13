/**
 * Receptor's signature of work: a JSON Web Token that names the node it is for and its end, and nothing else. Pure.
 *
 * The texts of the faults are Receptor's where clients look for them (spec §2.8).
 */
import { constants, createHash, type KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import { formatGoDuration } from "#core";
import { WorkError } from "../errors.ts";
import { refusal } from "./refusals.ts";

/** What a token says. */
export interface TokenRequest {
  /** RSA. */
  readonly key: KeyObject;
  /** Id of the node the work is for. */
  readonly audience: string;
  /** Milliseconds since 1970; the token holds whole seconds. */
  readonly expiresAt: number;
}

const longestToken = 16 * 1024;
const header = encode({ alg: "RS512", typ: "JWT" });

/** A token as Receptor makes it. */
export function signToken({ key, audience, expiresAt }: TokenRequest): string {
  const text = `${header}.${encode({ aud: [audience], exp: Math.floor(expiresAt / 1000) })}`;
  return `${text}.${sign("sha512", Buffer.from(text), key).toString("base64url")}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * Accepts every RSA algorithm, as Receptor does; `none`, HMAC and the others never.
 *
 * @param now milliseconds since 1970.
 * @throws {WorkError} `SIGNATURE_INVALID`, `_EXPIRED`, `_NOT_YET_VALID`, `_WRONG_TARGET`.
 */
export function verifyToken(token: string, key: KeyObject, ownNodeId: string, now: number): void {
  if (token.length > longestToken) throw invalid(`token is longer than ${longestToken} characters`);
  const [head, body, signature, ...more] = token.split(".");
  if (head === undefined || body === undefined || signature === undefined || more.length > 0)
    throw invalid("token contains an invalid number of segments");
  const method = methodOf(objectIn(head, "header"));
  const claims = objectIn(body, "claims");
  if (!holds(method, `${head}.${body}`, key, bytesOf(signature))) throw invalid("crypto/rsa: verification error");
  checkTimes(claims, now);
  if (!audiences(claims["aud"]).some((audience) => isSame(audience, ownNodeId)))
    throw new WorkError("SIGNATURE_WRONG_TARGET", "token audience did not match node ID");
}

function invalid(why: string): WorkError {
  return refusal("SIGNATURE_INVALID", why);
}

interface Method {
  readonly hash: string;
  readonly options: { readonly padding?: number; readonly saltLength?: number };
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
const methods: ReadonlyMap<string, Method> = new Map(
  ["256", "384", "512"].flatMap((bits) => [
    [`RS${bits}`, { hash: `sha${bits}`, options: {} }],
    [`PS${bits}`, { hash: `sha${bits}`, options: pss }],
  ]),
);

function methodOf({ alg }: Readonly<Record<string, unknown>>): Method {
  if (typeof alg !== "string") throw invalid("signing method (alg) is unspecified.");
  const method = methods.get(alg);
  if (method) return method;
  if (alg === "none") throw invalid("'none' signature type is not allowed");
  throw invalid(/^(HS|ES)\d{3}$|^EdDSA$/.test(alg) ? "key is of invalid type" : "signing method (alg) is unavailable.");
}

function holds({ hash, options }: Method, text: string, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify(hash, Buffer.from(text), { key, ...options }, signature);
  } catch {
    return false;
  }
}

function bytesOf(part: string): Buffer {
  const bad = part.search(/[^A-Za-z0-9_-]/);
  if (bad >= 0 || part.length % 4 === 1)
    throw invalid(`illegal base64 data at input byte ${bad >= 0 ? bad : part.length}`);
  return Buffer.from(part, "base64url");
}

/** Names are lower-cased, for Receptor matches them in any case: no claim shall count there and not here. */
function objectIn(part: string, what: string): Readonly<Record<string, unknown>> {
  const text = bytesOf(part).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`token ${what} is no JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(`token ${what} is no JSON object`);
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name.toLowerCase(), entry as unknown]));
}

/** In the order in which Receptor names them when several are wrong. */
function checkTimes(claims: Readonly<Record<string, unknown>>, now: number): void {
  const expires = timeOf(claims, "exp");
  const issued = timeOf(claims, "iat");
  const begins = timeOf(claims, "nbf");
  if (begins !== undefined && now < begins) throw refusal("SIGNATURE_NOT_YET_VALID", "token is not valid yet");
  if (issued !== undefined && now < issued) throw refusal("SIGNATURE_NOT_YET_VALID", "token used before issued");
  if (expires === undefined || now < expires) return;
  const age = formatGoDuration(BigInt(Math.round(now - expires)) * 1_000_000n);
  throw refusal("SIGNATURE_EXPIRED", `token is expired by ${age}`);
}

/** Milliseconds, from seconds as a number or as the text of one. */
function timeOf(claims: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const claim = claims[name];
  if (claim === undefined || claim === null) return undefined;
  const isNumber = typeof claim === "number" || (typeof claim === "string" && /^-?\d+(\.\d+)?$/.test(claim));
  const ms = isNumber ? Number(claim) * 1000 : Number.NaN;
  if (Math.abs(ms) <= Number.MAX_SAFE_INTEGER) return ms;
  throw invalid(`could not parse ${name}: not a number of seconds`);
}

function audiences(claim: unknown): readonly string[] {
  if (claim === undefined || claim === null) return [];
  const list: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.map((entry) => {
    if (typeof entry !== "string") throw invalid("could not parse aud: not a text or a list of texts");
    return entry;
  });
}

/** Takes as long whatever the texts are. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
