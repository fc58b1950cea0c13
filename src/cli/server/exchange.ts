import { type Agent, type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { connectFault } from "./connect-fault.ts";

/** One request. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly agent: Agent;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | AsyncIterable<Uint8Array> | undefined;
  readonly signal: AbortSignal;
}

/**
 * Send a request and wait for the head of its answer.
 *
 * The server may answer before it has read the body: then the answer counts, and not that the rest did not get through.
 *
 * @throws {CliError} `SERVER_UNREACHABLE`, `SERVER_UNTRUSTED`; the reason of `signal`; whatever reading the body throws.
 */
export function exchange({ method, url, agent, headers, body, signal }: Request): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "http:" ? plainRequest : tlsRequest;
    const request = send(url, { method, agent, headers });
    const aborted = (): void => void request.destroy(signal.reason as Error);
    const failed = (error: unknown): void => {
      signal.removeEventListener("abort", aborted);
      reject(signal.aborted ? (signal.reason as Error) : connectFault(url, error));
    };
    request.once("error", failed);
    request.once("response", (answer) => {
      answer.once("close", () => signal.removeEventListener("abort", aborted));
      resolve(answer);
    });
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    else if (typeof body === "object") upload(body, request, reject);
    else request.end(body);
  });
}

function upload(
  body: AsyncIterable<Uint8Array>,
  request: ReturnType<typeof plainRequest>,
  reject: (error: unknown) => void,
): void {
  let source: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      source = error;
      throw error;
    }
  };
  pipeline(Readable.from(watched(), { objectMode: false }), request).catch(() => {
    // What the connection failed at is told by the request itself.
    if (source !== undefined) reject(source);
  });
}

/** All of an answer's body as text. @throws {CliError} `SERVER_UNREACHABLE` when it breaks off; {@link tooLong} */
export async function textOf(answer: IncomingMessage, url: URL, maxBytes: number, tooLong: () => Error) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(answer, url)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** An answer's body, piece by piece. @throws {CliError} `SERVER_UNREACHABLE` when it breaks off. */
export async function* bodyOf(answer: IncomingMessage, url: URL): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer) yield chunk as Buffer;
  } catch (error) {
    throw connectFault(url, error);
  }
}
