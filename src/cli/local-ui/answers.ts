import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import { errorText, FarhandError, isJsonObject, type JsonObject } from "#core";
import { CliError } from "../errors.ts";

/** A form with an entitlement has less. */
const maxBodyBytes = 64 * 1024;
/** A configuration of the largest size, as a text in JSON or as a document. */
export const maxDocumentBytes = 1024 * 1024;

const always = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** The JSON object in a body. @throws {CliError} LOCAL_INVALID. */
export async function objectIn(request: IncomingMessage, maxBytes = maxBodyBytes): Promise<JsonObject> {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    throw new CliError("LOCAL_INVALID", "the Content-Type is not application/json");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new CliError("LOCAL_INVALID", `the body has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (isJsonObject(value as JsonObject)) return value as JsonObject;
  } catch (error) {
    throw new CliError("LOCAL_INVALID", "the body is no JSON object", { cause: error });
  }
  throw new CliError("LOCAL_INVALID", "the body is no JSON object");
}

export function sendJson(response: ServerResponse, value: unknown, more: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(value ?? null);
  response.writeHead(200, { ...always, ...more, "content-type": "application/json" }).end(text);
}

/** Begin an answer that goes on while somebody reads it. */
export function beginStream(response: ServerResponse, type: string): ServerResponse {
  response.writeHead(200, { ...always, "content-type": type });
  response.flushHeaders();
  return response;
}

/** What failed, as pages read it; which rule and who can change it stand in the message of a worker (CAT-111). */
export function sendProblem(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const status = error instanceof FarhandError ? error.status : 500;
  const code = error instanceof FarhandError ? error.code : "LOCAL_FAILED";
  const remedy = error instanceof CliError ? error.remedy : undefined;
  const detail = errorText(error);
  const rule = /\bCAT-\d+\b/.exec(detail)?.[0];
  const problem = { type: "about:blank", title: STATUS_CODES[status] ?? "Refused", status, code, detail, remedy, rule };
  const headers = { ...always, "content-type": "application/problem+json", connection: "close" };
  response.writeHead(status, headers).end(JSON.stringify(problem));
}
