import type { IncomingMessage, ServerResponse } from "node:http";

/** Answer at once and whole. Nobody on the way may keep it. Does nothing when the asker is gone. */
export function answer(
  response: ServerResponse,
  status: number,
  type = "text/plain",
  body?: Uint8Array | string,
): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(body ?? "");
  // What is left of a body is not read: the connection ends with the refusal of it.
  const rest = hasRest(response.req) ? { Connection: "close" } : {};
  response
    .writeHead(status, { "Cache-Control": "no-store", "Content-Type": type, "Content-Length": bytes.length, ...rest })
    .end(bytes);
}

function hasRest({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0);
}
