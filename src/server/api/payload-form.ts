import { Readable } from "node:stream";
import { ServerError } from "../errors.ts";
import type { Request } from "./fastify.ts";
import { parseJsonBody } from "./json-body.ts";

/** A request and the file that came behind it, which is not read yet. */
export interface PayloadForm {
  readonly body: unknown;
  readonly payload: Readable;
}

/**
 * Read a form of `request` (JSON) and then `payload` (a file, optional). Nothing of the file is kept here: whoever reads it
 * sets the pace.
 *
 * @throws {ServerError} REQUEST_INVALID; BODY_TOO_LARGE also in the middle of the file.
 */
export async function readPayloadForm(request: Request): Promise<PayloadForm> {
  const parts = request.parts();
  const first = await parts.next();
  if (first.done || first.value.type !== "field" || first.value.fieldname !== "request")
    throw invalid("request: the form begins with a field of this name, JSON");
  if (first.value.valueTruncated) throw new ServerError("BODY_TOO_LARGE", "request: it is longer than 1 MiB");
  const body = parseJsonBody(Buffer.from(jsonText(first.value.value)));
  const second = await parts.next();
  if (second.done) return { body, payload: Readable.from([]) };
  if (second.value.type !== "file" || second.value.fieldname !== "payload")
    throw invalid("payload: behind the request comes a file of this name, and nothing else");
  return { body, payload: Readable.from(whole(second.value.file), { objectMode: false }) };
}

/** The form's reader parses a part that says it is JSON; as text it meets our own limits like any other. */
function jsonText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** A file that was cut off at the limit must not pass for a whole one. */
async function* whole(file: Readable & { readonly truncated: boolean }): AsyncGenerator<Uint8Array> {
  for await (const chunk of file) yield chunk as Uint8Array;
  if (file.truncated) throw new ServerError("BODY_TOO_LARGE", "the payload is larger than this server takes");
}

/** What is left of a body that nobody wants, so that the answer gets through. */
export function forgetBody(request: Request): void {
  request.raw.unpipe();
  request.raw.resume();
}

const invalid = (why: string): ServerError => new ServerError("REQUEST_INVALID", why);
