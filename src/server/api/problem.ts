import { STATUS_CODES } from "node:http";
import { FarhandError, remedyThroughServer } from "#core";
import { ConfigStaleError, RemoteError } from "#fleet";
import { RetryLaterError } from "../auth/lock-out.ts";
import { ServerError, type ServerErrorCode } from "../errors.ts";
import { refusalRule } from "./refusal-rules.ts";

/** What everybody is told of everything that fails (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** What to try, where the detail does not say it all. */
  readonly remedy?: string;
  /** Which fields are wrong. */
  readonly errors?: readonly FieldFault[];
  readonly [more: string]: unknown;
}

export interface FieldFault {
  readonly path: string;
  readonly message: string;
}

/** Requests came too often. */
export class RateLimitedError extends ServerError {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super("RATE_LIMITED", `too many requests; try again in ${Math.ceil(retryAfterMs / 1_000)} s`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Under this Idempotency-Key a unit was made, and of the answer to that nobody knows any more. */
export class KeyedUnitError extends RemoteError {
  readonly unit: string;

  constructor(unit: string) {
    const message = `this Idempotency-Key has made unit ${unit} already, and makes it once: take another key for another unit`;
    super({ code: "UNIT_TAKEN", status: 409, message });
    this.unit = unit;
  }
}

/** Fields of a request are wrong. */
export class FieldsError extends ServerError {
  readonly errors: readonly FieldFault[];

  constructor(errors: readonly FieldFault[]) {
    const shown = errors.slice(0, 20).map(({ path, message }) => ({ path, message: message.slice(0, 300) }));
    super("REQUEST_INVALID", shown.map(({ path, message }) => `${path}: ${message}`).join("; "));
    this.errors = shown;
  }
}

/** Anything that was thrown, as it may be told. What nobody foresaw is told as such, and nothing of it. */
export function problemOf(error: unknown): Problem {
  const known = knownOf(error);
  const remedy = remedyThroughServer(known.code);
  return {
    type: "about:blank",
    title: STATUS_CODES[known.status] ?? "Error",
    status: known.status,
    detail: known.message.slice(0, 2_000),
    code: known.code,
    ...(remedy !== undefined && { remedy }),
    ...refusalRule(error, known.code),
    ...(known instanceof FieldsError && { errors: known.errors }),
    ...(known instanceof KeyedUnitError && { unit: known.unit }),
    ...(known instanceof ConfigStaleError && { version: known.version, changes: known.changes }),
  };
}

/** Headers that belong to a problem. */
export function problemHeaders(error: unknown): Record<string, string> {
  const { status } = knownOf(error);
  const later = error instanceof RetryLaterError || error instanceof RateLimitedError ? error.retryAfterMs : undefined;
  return {
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
    ...(status === 401 && { "www-authenticate": "Bearer" }),
    ...(later !== undefined && { "retry-after": String(Math.ceil(later / 1_000)) }),
  };
}

/** Whether it is nothing that we throw on purpose: the log must say what it was. */
export function isUnforeseen(error: unknown): boolean {
  return knownOf(error).code === "SERVER_FAILED";
}

/** Codes of what HTTP and its libraries find wrong before a handler runs. */
const httpCodes: Readonly<Record<number, ServerErrorCode>> = {
  400: "REQUEST_INVALID",
  404: "ROUTE_NOT_FOUND",
  408: "BODY_SLOW",
  413: "BODY_TOO_LARGE",
  415: "BODY_TYPE",
  417: "EXPECTATION_UNKNOWN",
};
const httpTexts: Partial<Record<ServerErrorCode, string>> = {
  REQUEST_INVALID: "the request cannot be read",
  BODY_TOO_LARGE: "the body is too large",
  BODY_TYPE: "the body is of a type that this route does not take",
};
function knownOf(error: unknown): FarhandError {
  if (error instanceof FarhandError && STATUS_CODES[error.status] !== undefined) return error;
  if (error instanceof FarhandError) return new ServerError("SERVER_FAILED", error.message);
  const status = statusOf(error);
  const code = status !== undefined ? (httpCodes[status] ?? (status < 500 ? "REQUEST_INVALID" : undefined)) : undefined;
  if (code) return new ServerError(code, httpTexts[code] ?? STATUS_CODES[status ?? 400] ?? "");
  return new ServerError("SERVER_FAILED", "the server failed in a way nobody foresaw; its log says how");
}

/** Fastify and its plugins put the status into their errors. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" && error.statusCode >= 400 ? error.statusCode : undefined;
}
