import type { Readable } from "node:stream";

/** An answer that is more than a value with status 200. */
export class Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Something was made. */
export const created = (body: unknown): Answer => new Answer(201, body);

/** It was done, and there is nothing to say. */
export const done = (): Answer => new Answer(204, undefined);

/** Text as it is. */
export const text = (body: string, contentType = "text/plain; charset=utf-8", status = 200): Answer =>
  new Answer(status, body, { "content-type": contentType });

/**
 * Bytes that somebody else made, as they come. A browser saves them, and neither guesses what they are nor runs them
 * (CAT-60).
 */
export const bytes = (body: Readable, status = 200, headers: Readonly<Record<string, string>> = {}): Answer =>
  new Answer(status, body, {
    "content-type": "application/octet-stream",
    "content-disposition": "attachment",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "no-store",
    ...headers,
  });
