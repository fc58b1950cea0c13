import { randomBytes } from "node:crypto";
import type { Upload } from "./api-client.ts";

/** A unit's request and its payload as one body, `multipart/form-data`, read while it is sent (RFC 7578). */
export function submission(request: object, payload: AsyncIterable<Uint8Array>): Upload {
  const boundary = `farhand-${randomBytes(24).toString("hex")}`;
  return { type: `multipart/form-data; boundary=${boundary}`, chunks: parts(boundary, request, payload) };
}

async function* parts(
  boundary: string,
  request: object,
  payload: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const json = JSON.stringify(request);
  yield text(`--${boundary}\r\ncontent-disposition: form-data; name="request"\r\n\r\n${json}\r\n`);
  yield text(`--${boundary}\r\ncontent-disposition: form-data; name="payload"; filename="payload"\r\n`);
  yield text("content-type: application/octet-stream\r\n\r\n");
  yield* payload;
  yield text(`\r\n--${boundary}--\r\n`);
}

function text(line: string): Uint8Array {
  return Buffer.from(line);
}
