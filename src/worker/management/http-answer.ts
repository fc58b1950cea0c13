import type { ServerResponse } from "node:http";
import type { Fault } from "#fleet";

/** Nothing of ours is a page, is kept by a browser, or may be read by another site's page. */
const always = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
} as const;

/** Send JSON. */
export function sendJson(response: ServerResponse, status: number, text: string, type = "application/json"): void {
  if (response.headersSent || response.destroyed) return;
  const challenge = status === 401 ? { "WWW-Authenticate": "Bearer" } : {};
  response.writeHead(status, {
    ...always,
    ...challenge,
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** Send nothing but that it went well. */
export function sendNothing(response: ServerResponse): void {
  if (!response.headersSent && !response.destroyed) response.writeHead(204, always).end();
}

/** Send a fault as `application/problem+json`. */
export function sendProblem(response: ServerResponse, fault: Fault): void {
  sendJson(response, fault.status, problemText(fault), "application/problem+json");
}

/** A fault as `application/problem+json` has it. */
export function problemText({ code, message, status }: Fault): string {
  return JSON.stringify({ type: "about:blank", title: code, status, detail: message, code });
}

/** A refusal in place of an upgrade, whole, as bytes. */
export function refusalBytes(fault: Fault): string {
  const text = problemText(fault);
  const lines = [
    `HTTP/1.1 ${fault.status} Refused`,
    "Connection: close",
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...Object.entries(always).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${text}`;
}
