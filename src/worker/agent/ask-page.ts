import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import { systemCode } from "#core";
import { answerHeaders, PageHead, type OwnPageWanted } from "#fleet";
import { WorkerError } from "../errors.ts";
import type { HttpPlace } from "./http-place.ts";

/** A page on a machine that is not its own answers no connection for longer than that, milliseconds. */
const connectMs = 10_000;
const maxHeaderBytes = 16 * 1024;

/**
 * Ask a page, its request built from fields; redirects are followed by nobody here.
 *
 * @param body sent as it comes. Who answers before its end gets no more of it.
 * @throws {WorkerError} SERVICE_UNREACHABLE, PAGE_INVALID. @throws the signal's reason.
 */
export async function askPage(
  place: HttpPlace,
  wanted: OwnPageWanted,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = opened(place, wanted, signal);
  const answer = answerTo(request, place, signal);
  sendBody(body, wanted.body, request).catch((error: unknown) =>
    request.destroy(error instanceof Error ? error : undefined),
  );
  return await answer;
}

/** What of an answer is told, apart from its body. */
export function headOf({ statusCode, headers }: IncomingMessage): PageHead {
  const told = answerHeaders.flatMap((name) => (isPlain(headers[name]) ? [[name, headers[name]]] : []));
  const head = { status: statusCode, headers: Object.fromEntries(told) as object, ...lengthIn(headers) };
  const parsed = PageHead.safeParse(head);
  if (parsed.success) return parsed.data;
  throw new WorkerError("PAGE_INVALID", `the page answered with the status ${statusCode}`);
}

function opened(
  { host, port, authority }: HttpPlace,
  { method, path, headers, body }: OwnPageWanted,
  signal: AbortSignal,
): ClientRequest {
  const framing = body === "chunked" ? { "transfer-encoding": "chunked" } : { "content-length": String(body) };
  const isBodiless = body === 0 && ["GET", "HEAD", "DELETE"].includes(method);
  return httpRequest({
    ...{ host, port, method, path, signal, setHost: false, agent: false, maxHeaderSize: maxHeaderBytes },
    headers: {
      host: authority,
      ...headers,
      "accept-encoding": "identity",
      connection: "close",
      ...(!isBodiless && framing),
    },
  });
}

function answerTo(request: ClientRequest, { service }: HttpPlace, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => request.destroy(new Error("it takes no connection")), connectMs);
    request.once("socket", (socket) => socket.once("connect", () => clearTimeout(late)));
    request.once("close", () => clearTimeout(late));
    request.once("response", resolve);
    // Nobody asked for one: from here on its bytes would mean something else.
    request.once("upgrade", (_answer, socket) => {
      socket.destroy();
      reject(new WorkerError("PAGE_INVALID", `the service ${service} changes the protocol unasked`));
    });
    request.on("error", (error) => reject(signal.aborted ? signal.reason : faultOfPage(error, service)));
  });
}

/** Where it is, is the worker's business. */
function faultOfPage(error: Error, service: string): WorkerError {
  if (systemCode(error)?.startsWith("HPE_"))
    return new WorkerError("PAGE_INVALID", `the service ${service} answers with no HTTP that can be read`, {
      cause: error,
    });
  return new WorkerError("SERVICE_UNREACHABLE", `the service ${service} does not answer`, { cause: error });
}

/** What is longer than it was said to be would be the beginning of another request. */
async function sendBody(
  body: AsyncIterable<Uint8Array>,
  length: number | "chunked",
  request: ClientRequest,
): Promise<void> {
  let left = length === "chunked" ? Number.POSITIVE_INFINITY : length;
  for await (const chunk of body) {
    left -= chunk.length;
    if (left < 0) throw new Error("the body is longer than it was said to be");
    if (!request.writable) return;
    if (!request.write(chunk)) await drained(request);
  }
  if (length !== "chunked" && left > 0) throw new Error("the body is shorter than it was said to be");
  if (request.writable) request.end();
}

function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      request.off("drain", settle);
      request.off("close", settle);
      resolve();
    };
    request.on("drain", settle);
    request.on("close", settle);
    if (request.destroyed) settle();
  });
}

/** What HTTP's own parser lets through and we do not. */
function isPlain(value: string | undefined): boolean {
  return value !== undefined && value.length <= 2_048 && /^[\x20-\x7e]*$/.test(value);
}

function lengthIn(headers: IncomingHttpHeaders): { readonly length?: number } {
  const length = Number(headers["content-length"]);
  return headers["transfer-encoding"] === undefined && Number.isSafeInteger(length) ? { length } : {};
}
