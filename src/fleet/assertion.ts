import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { FleetError } from "./errors.ts";
import { isLevel, type Level } from "./levels.ts";

/** Assertions live for so long (CAT-56), and the clocks may differ by as much (CAT-62). */
export const assertionLifeMs = 30_000;
const skewMs = 30_000;
/** Longer ones are not looked at: the rest of it is bounded by the caller's message. */
const maxAssertionChars = 8_192;
const maxRoles = 100;
/** Features a server may name; more than there are, for servers newer than this worker. */
const maxFeatures = 32;
/** Assertions remembered until they expire; when there are more, all further ones are refused (CAT-62). */
const maxRemembered = 10_000;

/** Who asks a worker for what, as its server says: one request, once, now (CAT-56). */
export interface Assertion {
  /** Id of the worker. */
  readonly aud: string;
  /** Number of the registration that the key belongs to. */
  readonly epoch: number;
  /** Opaque reference of the session; the worker can name it and do nothing with it. */
  readonly sid: string;
  /** User id, and the user's name for people. */
  readonly sub: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Most that the server lets the user do. */
  readonly max: Level;
  /** Features that the server's policy includes for this worker (CAT-100), `remote.…`; older servers name none. */
  readonly ent?: readonly string[];
  /** How the user logged in: `pwd`, `otp`, `token`. */
  readonly amr: readonly string[];
  /** When the user logged in, milliseconds since 1970. */
  readonly auth: number;
  /** Where the user comes from, as the server saw it: for logs (CAT-63). Older servers say nothing of it. */
  readonly src?: string;
  /** Names the connection to the server that it came over, so that an edit is confirmed over another one (CAT-75). */
  readonly con?: string;
  /** Method, or `stream.open`. */
  readonly m: string;
  /** SHA-256 of the body, hex. */
  readonly h: string;
  /** Server time, milliseconds since 1970: made at, worth nothing from. */
  readonly iat: number;
  readonly exp: number;
  /** 128 random bits, base64url. */
  readonly jti: string;
}

/** The worker's forward secret as a key; the secret itself is never sent again (CAT-45). @param secret 32 bytes. */
export function assertionKey(secret: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, new Uint8Array(0), "forward-assertion/1", 32));
}

/** What names one request at the server and at the worker alike: 128 random bits, base64url. */
export function newRequestId(): string {
  return randomBytes(16).toString("base64url");
}

/** What a server says of a request; without a `jti` it gets one here. */
export type Claims = Omit<Assertion, "iat" | "exp" | "jti" | "h"> & { readonly jti?: string };

/** Sign an assertion: `v1.<payload>.<mac>`, both base64url. @param now server time, milliseconds. */
export function signAssertion(claims: Claims, body: Uint8Array, key: Uint8Array, now: number): string {
  const { jti = newRequestId(), ...said } = claims;
  const assertion: Assertion = { ...said, h: sha256(body), iat: now, exp: now + assertionLifeMs, jti };
  const signed = `v1.${Buffer.from(JSON.stringify(assertion)).toString("base64url")}`;
  return `${signed}.${macOf(signed, key).toString("base64url")}`;
}

export interface AssertionCheckerOptions {
  readonly workerId: string;
  readonly epoch: number;
  readonly key: Uint8Array;
  /** Time of the server as the worker has learned it, so that its own clock does not matter; milliseconds. */
  readonly serverNow: () => number;
}

/** The worker's side: what it refuses, nobody asked for (CAT-62). One per registration. */
export class AssertionChecker {
  readonly #options: AssertionCheckerOptions;
  /** What was taken, to when it is worth something. */
  readonly #seen = new Map<string, number>();
  /** The latest time there was: what has expired stays so, also when the server's time is learned to be earlier. */
  #latest = 0;

  constructor(options: AssertionCheckerOptions) {
    this.#options = options;
  }

  /**
   * @param text as {@link signAssertion} made it.
   * @throws {FleetError} ASSERTION_INVALID or ASSERTION_STALE; never says more than it must.
   */
  check(text: string, method: string, body: Uint8Array): Assertion {
    const assertion = this.#verified(text);
    const { workerId, epoch } = this.#options;
    if (assertion.aud !== workerId) throw invalid("it is for another worker");
    if (assertion.epoch !== epoch) throw invalid("unknown epoch: the worker has registered anew");
    this.#checkTime(assertion);
    if (assertion.m !== method) throw invalid(`it is for the method ${assertion.m}`);
    if (!equal(assertion.h, sha256(body))) throw invalid("it is for another body");
    this.#remember(assertion);
    return assertion;
  }

  #verified(text: string): Assertion {
    const [version, payload, mac, ...more] = text.length > maxAssertionChars ? [] : text.split(".");
    if (version !== "v1" || !payload || !mac || more.length > 0) throw invalid("it is not one");
    const expected = macOf(`v1.${payload}`, this.#options.key);
    const given = Buffer.from(mac, "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw invalid("it is not signed by the server");
    return decodeAssertion(payload);
  }

  #checkTime({ iat, exp, jti }: Assertion): void {
    const now = Math.max(this.#latest, this.#options.serverNow());
    this.#latest = now;
    if (iat > now + skewMs || exp > iat + assertionLifeMs) throw stale("it is from the future");
    if (exp <= now) throw stale("it has expired");
    this.#forget(now);
    if (this.#seen.has(jti)) throw stale("it has been used");
    if (this.#seen.size >= maxRemembered) throw stale("too many requests at once");
  }

  /** They came in about the order in which they expire: what stands behind one that lives can wait. */
  #forget(now: number): void {
    for (const [old, until] of this.#seen) {
      if (until > now) return;
      this.#seen.delete(old);
    }
  }

  #remember({ jti, exp }: Assertion): void {
    this.#seen.set(jti, exp);
  }
}

function decodeAssertion(payload: string): Assertion {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload, "base64url").toString());
  } catch {
    throw invalid("it is not one");
  }
  if (!isAssertion(value)) throw invalid("it lacks what it must say");
  return value;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.length <= maxRoles && value.every(isText);
const isTime = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isFeatures = (value: unknown): boolean => isTexts(value) && (value as unknown[]).length <= maxFeatures;

const claims: { readonly [K in keyof Omit<Assertion, "ent" | "src" | "con">]: (value: unknown) => boolean } = {
  aud: isText,
  epoch: isTime,
  sid: isText,
  sub: isText,
  name: isText,
  roles: isTexts,
  max: isLevel,
  amr: isTexts,
  auth: isTime,
  m: isText,
  h: isText,
  iat: isTime,
  exp: isTime,
  jti: isText,
};

function isAssertion(value: unknown): value is Assertion {
  if (typeof value !== "object" || value === null) return false;
  const has = (name: string): boolean => Object.hasOwn(value, name);
  if (has("ent") && !isFeatures(Reflect.get(value, "ent"))) return false;
  for (const text of ["src", "con"]) if (has(text) && !isText(Reflect.get(value, text))) return false;
  return Object.entries(claims).every(([name, isValid]) => has(name) && isValid(Reflect.get(value, name)));
}

function macOf(signed: string, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(signed).digest();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

const invalid = (why: string): FleetError => new FleetError("ASSERTION_INVALID", `the assertion is refused: ${why}`);
const stale = (why: string): FleetError => new FleetError("ASSERTION_STALE", `the assertion is refused: ${why}`);
