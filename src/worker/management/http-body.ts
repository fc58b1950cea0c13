import type { IncomingMessage } from "node:http";
import { FleetError } from "#fleet";
import { WorkerError } from "../errors.ts";

/**
 * The JSON body of a request, as bytes.
 *
 * @throws {WorkerError} REQUEST_UNFIT: it is of another type, or broke off. @throws {FleetError} MESSAGE_TOO_LARGE.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  // Also what makes a browser ask first before it sends it for a page of another site.
  if (type !== "application/json") throw new WorkerError("REQUEST_UNFIT", "the Content-Type is not application/json");
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw new WorkerError("REQUEST_UNFIT", "the body broke off", { cause: error });
  }
  return Buffer.concat(chunks);
}

const tooLarge = (maxBytes: number): FleetError =>
  new FleetError("MESSAGE_TOO_LARGE", `the body has more than ${maxBytes} bytes`);
