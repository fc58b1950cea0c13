import type { IncomingMessage } from "node:http";
import { FleetError, maxMessageBytes } from "#fleet";
import { WorkerError } from "../errors.ts";

/**
 * The JSON body of a request, as bytes.
 *
 * @throws {WorkerError} REQUEST_UNFIT: it is of another type, or broke off. @throws {FleetError} MESSAGE_TOO_LARGE.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  // Also what makes a browser ask first before it sends it for a page of another site.
  if (type !== "application/json") throw new WorkerError("REQUEST_UNFIT", "the Content-Type is not application/json");
  if (Number(request.headers["content-length"] ?? 0) > maxMessageBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxMessageBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw new WorkerError("REQUEST_UNFIT", "the body broke off", { cause: error });
  }
  return Buffer.concat(chunks);
}

const tooLarge = (): FleetError =>
  new FleetError("MESSAGE_TOO_LARGE", `the body has more than ${maxMessageBytes} bytes`);
