import { type HttpMethod, type OwnPageWanted, type RequestHeader, requestHeaders } from "#fleet";
import { ServerError } from "../errors.ts";

/** What of a request is told to a page: these fields, and nothing else of it (CAT-55). */
export interface PageAsking {
  readonly method: HttpMethod;
  /** What stands behind the service in the path, with the query; as it was written. */
  readonly rest: string;
  readonly header: (name: string) => string | undefined;
}

const maxPathChars = 8_192;
const bodiless: readonly HttpMethod[] = ["GET", "HEAD"];

/**
 * Put a request for a page together, from nothing.
 *
 * @throws {ServerError} REQUEST_INVALID: a page could read it in another way than we do.
 */
export function pageWanted({ method, rest, header }: PageAsking): OwnPageWanted {
  const body = bodyOf(header);
  if (bodiless.includes(method) && body !== 0) throw invalid(`a ${method} has no body`);
  return { method, path: pathOf(rest), headers: headersOf(header), body };
}

/** @throws {ServerError} REQUEST_INVALID. */
export function pathOf(rest: string): string {
  const path = `/${rest}`;
  // The path was looked at when it came in; the query was not.
  if (path.length > maxPathChars || !/^[\x21\x22\x24-\x7e]*$/.test(path))
    throw invalid(`path and query are at most ${maxPathChars} characters of plain ASCII`);
  return path;
}

function headersOf(header: PageAsking["header"]): OwnPageWanted["headers"] {
  const told: Partial<Record<RequestHeader, string>> = {};
  for (const name of requestHeaders) {
    const value = header(name);
    if (value === undefined) continue;
    if (value.length > 2_048 || !/^[\x20-\x7e]*$/.test(value)) throw invalid(`the header ${name} cannot be passed on`);
    told[name] = value;
  }
  return told;
}

function bodyOf(header: PageAsking["header"]): number | "chunked" {
  if (header("transfer-encoding") !== undefined) return "chunked";
  const length = header("content-length") ?? "0";
  if (/^\d{1,15}$/.test(length)) return Number(length);
  throw invalid("the header content-length is no number");
}

/** Ways in which a browser takes an answer for part of one of our own pages. */
const ofPages =
  /^(script|style|worker|sharedworker|serviceworker|audioworklet|paintworklet|object|embed|frame|iframe)$/;

/**
 * A worker's bytes are never part of a page of ours: not its script, not its style, not a frame in it (CAT-60). Who is no
 * browser says nothing of this; browsers say it always, and no page can change it.
 *
 * @throws {ServerError} ORIGIN_REFUSED.
 */
export function requireNoPart(header: PageAsking["header"]): void {
  const use = header("sec-fetch-dest") ?? "";
  if (ofPages.test(use)) throw refused(`a page of a worker is no ${use} of another one`);
  const from = header("sec-fetch-site") ?? "none";
  if (from !== "none" && from !== "same-origin") throw refused("another site must not ask a worker's page");
}

const invalid = (why: string): ServerError => new ServerError("REQUEST_INVALID", why);
const refused = (why: string): ServerError => new ServerError("ORIGIN_REFUSED", why);
