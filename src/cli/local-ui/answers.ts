import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonObject, type JsonObject } from "#core";
import { CliError } from "../errors.ts";
import { localProblem } from "./refusal.ts";

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

/** What failed, as pages read it (CAT-111). */
export function sendProblem(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const problem = localProblem(error);
  const headers = { ...always, "content-type": "application/problem+json", connection: "close" };
  response.writeHead(problem.status, headers).end(JSON.stringify(problem));
}
