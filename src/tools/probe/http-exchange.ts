import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { msSince } from "./attempts.ts";

/** A request of HTTP/1.1 on a connection that stands. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, read and hashed. */
  readonly maxBytes: number;
}

/** What came back. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; at most {@link maxHeaders}, each cut off where it is too long. */
  readonly headers: Readonly<Record<string, string>>;
  /** From the request to the first byte of the response. */
  readonly firstByteMs: number;
  readonly bodyMs: number;
  /** What was read of the body. */
  readonly body: Buffer;
  readonly bodySha256: string;
  /** There is more of the body. */
  readonly cutOff: boolean;
}

/** Headers of a response together; more is an attack. */
const maxHeaderBytes = 16_384;
const maxHeaders = 50;
const maxHeaderChars = 500;

/** Ask, and read the answer up to the limit. The connection is closed by whoever made it. @throws the reason of `signal`, or why not. */
export async function exchange(socket: Duplex, asked: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const { method, url, headers } = asked;
  const start = performance.now();
  const sent = request({
    ...{ method, path: `${url.pathname}${url.search}`, createConnection: () => socket, signal },
    headers: { "User-Agent": "farhand", Accept: "*/*", ...headers, Host: url.host, Connection: "close" },
    maxHeaderSize: maxHeaderBytes,
  });
  // What breaks before the answer is told by `once`, what breaks in it by reading it.
  sent.on("error", () => undefined);
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const firstByteMs = msSince(start);
  const { body, cutOff } = await readBody(response, asked.maxBytes);
  return {
    ...{ status: response.statusCode ?? 0, headers: shownHeaders(response), firstByteMs },
    ...{ bodyMs: msSince(start) - firstByteMs, body, cutOff },
    bodySha256: createHash("sha256").update(body).digest("hex"),
  };
}

async function readBody(response: IncomingMessage, most: number): Promise<{ body: Buffer; cutOff: boolean }> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    pieces.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  return { body: Buffer.concat(pieces).subarray(0, most), cutOff: length > most };
}

function shownHeaders({ headers }: IncomingMessage): Record<string, string> {
  const shown = Object.entries(headers).slice(0, maxHeaders);
  return Object.fromEntries(shown.map(([name, value]) => [name, String(value).slice(0, maxHeaderChars)]));
}
