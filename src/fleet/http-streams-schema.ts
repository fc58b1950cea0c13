/**
 * HTTP requests to pages of a worker's machine, over streams (docs/wire/fleet.md).
 *
 * A request crosses as fields and not as text, and each has a stream of its own: what is no field here cannot be said, and
 * where one request ends and the next begins is never a matter of reading (CAT-55, CAT-60).
 */
import { z } from "zod";
import type { Method } from "./method.ts";

/** What may be asked of a page. `OPTIONS` is not among them: no worker answers for the origin of its server. */
export const httpMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** What a request tells a page besides. Nothing says who asks: that is the assertion's matter, and no page's (CAT-44). */
export const requestHeaders = [
  "accept",
  "accept-language",
  "content-encoding",
  "content-type",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "range",
] as const;
export type RequestHeader = (typeof requestHeaders)[number];

/** What an answer may tell of its body, and nothing of where it stands: neither cookies nor places nor rights. */
export const answerHeaders = [
  "accept-ranges",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-range",
  "content-type",
  "etag",
  "last-modified",
] as const;
export type AnswerHeader = (typeof answerHeaders)[number];

const length = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Text of one line, ASCII: what HTTP takes without anybody reading it differently. */
const headerValue = z
  .string()
  .max(2_048)
  .regex(/^[\x20-\x7e]*$/, "holds a control character or one that is not ASCII");
const path = z
  .string()
  .max(8_192)
  .regex(/^\/[\x21\x22\x24-\x7e]*$/, "begins with no slash, or holds what no path and query hold");
const service = z.string().min(1).max(63);
const token = z.string().regex(/^[!#$%&'*+.^`|~\w-]{1,128}$/, "is no token");

const asked = {
  method: z.enum(httpMethods),
  path: path.describe("with its query, as it was written"),
  headers: z.partialRecord(z.enum(requestHeaders), headerValue),
  body: z.union([length, z.literal("chunked")]).describe("how long it is; `chunked` where nobody knows yet"),
};

const PageWanted = z.strictObject({ service, ...asked });
export type PageWanted = z.infer<typeof PageWanted>;

const OwnPageWanted = z.strictObject(asked);
export type OwnPageWanted = z.infer<typeof OwnPageWanted>;

const PageAsked = z.strictObject({ service });
export type PageAsked = z.infer<typeof PageAsked>;

/** What a page answers, before its body; said in words behind the request's body. What is not known here is left out. */
export const PageHead = z.object({
  status: z.number().int().min(200).max(599),
  headers: z.object(Object.fromEntries(answerHeaders.map((name) => [name, headerValue.optional()])) as AnswerShape),
  length: length.optional().describe("bytes of the body; absent where nobody knows yet"),
});
export type PageHead = z.infer<typeof PageHead>;

type AnswerShape = { readonly [H in AnswerHeader]: z.ZodOptional<z.ZodString> };

/** Ask a page: behind the answer the request's body, to its end; then {@link PageHead} in words; then the page's body. */
export const httpOpen: Method<PageWanted, PageAsked> = {
  name: "http.open",
  params: PageWanted,
  result: PageAsked,
  level: "monitor",
  changes: true,
};

/** The same for the worker's own pages, its REST subset (CAT-16), whether or not its port is open. */
export const httpManagement: Method<OwnPageWanted, PageAsked> = {
  name: "http.management",
  params: OwnPageWanted,
  result: PageAsked,
  level: "monitor",
  changes: true,
};

/** The name under which the worker's own pages are reached; no page of its machine has it. */
export const managementService = "management";

const SocketWanted = z.strictObject({ service, path, protocol: token.optional() });
export type SocketWanted = z.infer<typeof SocketWanted>;

const SocketOpened = z.strictObject({ service, protocol: token.optional() });
export type SocketOpened = z.infer<typeof SocketOpened>;

/** Open a WebSocket of a page: behind the answer go messages, see `encodeSocketMessage`. */
export const httpSocket: Method<SocketWanted, SocketOpened> = {
  name: "http.socket",
  params: SocketWanted,
  result: SocketOpened,
  level: "monitor",
  changes: true,
};
