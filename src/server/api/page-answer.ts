import type { Readable } from "node:stream";
import type { PageHead } from "#fleet";
import { ServerError } from "../errors.ts";
import { Answer } from "./answer.ts";

/**
 * A worker's page stands at our address and must have none of our power there (CAT-60, docs/decisions): to a browser it is of
 * no origin, so it has neither our cookies nor our storage; it runs no script, sends no form, fetches nothing, and is in
 * nobody's frame.
 */
const powerless = {
  "content-security-policy":
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

/** Codings that clients know; of another one the type below would be said of something else. */
const codings = /^(gzip|x-gzip|deflate|br|zstd|identity)$/i;
const mediaType =
  /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(?:\s*;\s*[\w-]{1,40}=(?:[\w!#$&^.+-]{1,100}|"[\w !#$&^.+/=-]{0,100}"))*$/;

/**
 * What a page has answered, for the client.
 *
 * @throws {ServerError} WORKER_ANSWER: the status would speak for the server. 401 makes clients forget their session, and a
 * redirect is followed: neither is a page's to say.
 */
export function pageAnswer({ status, headers, length }: PageHead, body: Readable | undefined): Answer {
  if (!maySay(status)) throw new ServerError("WORKER_ANSWER", `the page answered ${status}, which is not passed on`);
  const { "content-type": type = "", "content-encoding": coding, ...others } = headers;
  if (coding !== undefined && !codings.test(coding))
    throw new ServerError("WORKER_ANSWER", "the page's answer is coded in a way that is not passed on");
  const told = Object.entries({ ...others, "content-encoding": coding }).filter(
    (each): each is [string, string] => each[1] !== undefined,
  );
  return new Answer(status, body, {
    ...Object.fromEntries(told),
    ...(status !== 204 && { "content-type": mediaType.test(type) ? type : "application/octet-stream" }),
    ...(length !== undefined && status !== 204 && { "content-length": String(length) }),
    ...powerless,
  });
}

/** Whether an answer of this status has a body at all (RFC 9110 §6.4.1). */
export function hasBody(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 205 && status !== 304;
}

function maySay(status: number): boolean {
  if (status < 300 || status === 304) return true;
  return status >= 400 && status !== 401 && status !== 407 && status !== 421 && status !== 511;
}
