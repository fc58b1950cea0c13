import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { WorkerError } from "../errors.ts";

/** Names that the worker is called by, and pages that may call it. */
export interface OwnNames {
  /** Host names besides `localhost` and IP addresses, which no page of somebody else can be served under. */
  readonly hosts: readonly string[];
  /** Origins besides the worker's own, as `https://manager.example`. */
  readonly origins: readonly string[];
}

/** Headers that decide something: twice is once too often (CAT-52). */
const single = ["host", "origin", "authorization", "content-type", "content-length", "cookie", "x-assertion"];

/** What a rule looks at. */
export type RequestHead = Pick<IncomingMessage, "headers" | "rawHeaders" | "method">;

/**
 * Whether a request is one that may be looked at, before anybody asks who sent it (CAT-19, CAT-52).
 *
 * @param mayChange the request changes something, or opens a stream.
 * @throws {WorkerError} REQUEST_UNFIT, ORIGIN_REFUSED.
 */
export function checkRequest(request: RequestHead, isTls: boolean, mayChange: boolean, names: OwnNames): void {
  const { host = "", origin, cookie } = request.headers;
  const counts = new Map<string, number>();
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at]?.toLowerCase() ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const twice = single.find((name) => (counts.get(name) ?? 0) > 1);
  if (twice !== undefined) throw new WorkerError("REQUEST_UNFIT", `the header ${twice} came twice`);
  if (!isOwnHost(host, names.hosts))
    throw refused(`the host "${host.slice(0, 100)}" is none of its names`, "api.hostNames");
  if (origin !== undefined && !isOwnOrigin(origin, host, isTls, names.origins))
    throw refused(`a page of "${origin.slice(0, 100)}" may not call it`, "api.origins");
  // A browser sends the origin with everything that is not a plain look, and a cookie goes wherever the browser sends it.
  if (mayChange && origin === undefined && cookieToken(cookie) !== undefined)
    throw refused("a cookie without an origin is no permission", "");
}

/** A page that is found under another name for our address (DNS rebinding) has that name as its host. */
function isOwnHost(host: string, own: readonly string[]): boolean {
  const name = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  const bare = name.replace(/^\[|\]$/g, "");
  return isIP(bare) > 0 || name === "localhost" || own.some((each) => each.toLowerCase() === name);
}

function isOwnOrigin(origin: string, host: string, isTls: boolean, own: readonly string[]): boolean {
  const same = `${isTls ? "https" : "http"}://${host}`.toLowerCase();
  return origin.toLowerCase() === same || own.some((each) => each.toLowerCase() === origin.toLowerCase());
}

const cookieName = "farhand_worker";

/** The session's token in a `Cookie` header. */
export function cookieToken(header: string | undefined): string | undefined {
  const found = (header ?? "").split(/;\s*/).find((each) => each.startsWith(`${cookieName}=`));
  return found?.slice(cookieName.length + 1);
}

/** A `Set-Cookie` that no script can read and no other site's page sends along (CAT-19). */
export function sessionCookie(token: string, isTls: boolean): string {
  return `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict${isTls ? "; Secure" : ""}`;
}

function refused(why: string, setting: string): WorkerError {
  const remedy = setting === "" ? "" : `; the worker's owner can add it: ${setting}`;
  return new WorkerError("ORIGIN_REFUSED", `the request was refused (CAT-19): ${why}${remedy}`);
}
