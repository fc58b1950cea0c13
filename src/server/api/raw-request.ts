import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { ServerError } from "../errors.ts";
import { plainAddress } from "./client-address.ts";
import type { OwnNames } from "./own-names.ts";

/** What of a request is looked at before anything else. */
export type RawRequest = Pick<IncomingMessage, "method" | "url" | "rawHeaders" | "headers" | "httpVersion"> & {
  readonly socket: Pick<IncomingMessage["socket"], "localAddress">;
};

/** Headers that say who asks and where a request ends: two of one are two opinions (CAT-52). */
const single = [
  "authorization",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "host",
  "idempotency-key",
  "if-match",
  "origin",
  "range",
  "transfer-encoding",
  "upgrade",
  "x-connection",
  "x-farhand",
];

/**
 * Refuse a request that a proxy before us and we could read differently.
 *
 * @throws {ServerError} REQUEST_INVALID, EXPECTATION_UNKNOWN.
 */
export function requireClean({ url = "", rawHeaders, headers, httpVersion }: RawRequest): void {
  const names = rawHeaders.filter((_, n) => n % 2 === 0).map((name) => name.toLowerCase());
  const twice = single.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw invalid(`the header ${twice} is there twice`);
  if (headers.host === undefined && httpVersion === "1.1") throw invalid("the request names no host");
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && headers["content-length"] !== undefined)
    throw invalid("a body has either a length or chunks");
  if (coding !== undefined && coding.toLowerCase() !== "chunked") throw invalid("the only transfer coding is chunked");
  if (coding !== undefined && httpVersion === "1.0") throw invalid("there are no chunks in HTTP/1.0");
  const { expect } = headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue")
    throw new ServerError("EXPECTATION_UNKNOWN", "nothing can be expected but 100-continue");
  requireCleanPath(url);
}

/** CAT-50: what a path means must not depend on who reads it. */
function requireCleanPath(url: string): void {
  const [path = ""] = url.split("?");
  if (!path.startsWith("/")) throw invalid("the request names another server");
  if (/[^\x21-\x7e]|[\\#]|%(?:0|1|2f|5c|7f)/i.test(path)) throw invalid("the path holds what no path holds");
  const segments = path.replaceAll(/%2e/gi, ".").split("/").slice(1);
  if (segments.some((segment, n) => segment === "." || segment === ".." || (segment === "" && n < segments.length - 1)))
    throw invalid("the path is not in its plain form");
}

/**
 * DNS rebinding: a page of somebody else's whose name was pointed at us sends that name (CAT-19).
 *
 * @param names that are ours.
 * @throws {ServerError} HOST_UNKNOWN.
 */
export function requireOurHost({ headers, socket }: RawRequest, names: Pick<OwnNames, "has">): void {
  const host = hostName(headers.host ?? "");
  const local = plainAddress(socket.localAddress);
  if (names.has(host)) return;
  // An address is no name that anybody can point elsewhere.
  if (isIP(host) !== 0 && host === local) return;
  if (host === "localhost" && isLoopback(local)) return;
  throw new ServerError("HOST_UNKNOWN", "this server is not called that; set its public address if it is");
}

/** The name or address in a Host header, in small letters. */
export function hostName(host: string): string {
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(host)?.[1];
  const plain = /^([a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host)?.[1];
  return (bracketed ?? plain ?? "").toLowerCase().replace(/\.$/, "");
}

/** Whether an address is this machine's to itself. Says nothing about who is behind it (CAT-22). */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

const invalid = (why: string): ServerError => new ServerError("REQUEST_INVALID", why);
