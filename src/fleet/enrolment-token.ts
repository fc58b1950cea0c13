import { randomBytes } from "node:crypto";
import { FleetError } from "./errors.ts";

const prefix = "fh1.";
const maxTokenChars = 2_048;
const secretBytes = 32;

/** What a new worker needs to find its server, to know it again, and to be let in once (CAT-33, CAT-36). */
export interface EnrolmentToken {
  /** Names the token in lists and in the audit; no secret. */
  readonly id: string;
  /** 256 random bits, base64url. The server keeps a hash. */
  readonly secret: string;
  /** SHA-256 of the certificate of the server's authority, hex; absent: the system's roots vouch for the server. */
  readonly pin?: string;
}

/** A token nobody has seen yet. */
export function newEnrolmentToken(id: string, pin?: string): EnrolmentToken {
  const secret = randomBytes(secretBytes).toString("base64url");
  return { id, secret, ...(pin !== undefined && { pin }) };
}

/** One word, to be copied whole. */
export function encodeEnrolmentToken({ id, secret, pin }: EnrolmentToken): string {
  return prefix + Buffer.from(JSON.stringify({ id, secret, pin })).toString("base64url");
}

/** @throws {FleetError} TOKEN_INVALID. The message never holds any of it. */
export function decodeEnrolmentToken(text: string): EnrolmentToken {
  const word = text.trim();
  if (!word.startsWith(prefix)) throw invalid(`it does not begin with ${prefix}`);
  if (word.length > maxTokenChars) throw invalid("it is too long");
  const { id, secret, pin } = fieldsOf(word.slice(prefix.length));
  if (typeof id !== "string" || !/^[\w-]{1,64}$/.test(id)) throw invalid("part of it is missing");
  if (typeof secret !== "string" || !/^[\w-]{43}$/.test(secret)) throw invalid("part of it is missing");
  if (pin !== undefined && (typeof pin !== "string" || !/^[0-9a-f]{64}$/.test(pin)))
    throw invalid("its pin is damaged");
  return { id, secret, ...(pin !== undefined && { pin }) };
}

function fieldsOf(encoded: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, "base64url").toString());
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Said below.
  }
  throw invalid("part of it is missing");
}

const invalid = (why: string): FleetError =>
  new FleetError("TOKEN_INVALID", `the enrolment token is not valid: ${why}`);
