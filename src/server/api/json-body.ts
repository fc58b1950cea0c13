import { ServerError } from "../errors.ts";

const maxDepth = 32;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * JSON that a stranger sent: at most 32 deep, and no name in it that means something to JavaScript (CAT-18). Its length
 * was bounded before.
 *
 * @throws {ServerError} REQUEST_INVALID.
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  const value = parsed(body);
  requirePlain(value, 0);
  return value;
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    // What the parser says quotes the text, in which a password may stand.
    throw new ServerError("REQUEST_INVALID", "the body is not JSON in UTF-8");
  }
}

function requirePlain(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth >= maxDepth) throw new ServerError("REQUEST_INVALID", `the body is nested deeper than ${maxDepth}`);
  if (Object.hasOwn(value, "__proto__"))
    throw new ServerError("REQUEST_INVALID", "the body has a field __proto__, which is no name");
  for (const inner of Object.values(value)) requirePlain(inner, depth + 1);
}
