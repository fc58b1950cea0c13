import { ServerError } from "../errors.ts";
import { canonicalJson, type Json, type JsonObject } from "#core";

const maxChars = 65_536;
const maxDepth = 16;

/**
 * The text of a row's detail.
 *
 * Only plain data is taken. A secret is wrapped in a class of its own (CAT-125), keys are bytes, and a configuration's
 * secrets are marked: none of them is plain, so none gets in, whatever it is called.
 *
 * @throws {ServerError} AUDIT_DETAIL, naming the place and never the value.
 */
export function plainDetail(detail: JsonObject): string {
  requirePlain(detail, "detail", 0);
  const text = canonicalJson(detail);
  if (text.length > maxChars) throw refused(`it is longer than ${maxChars} characters`);
  return text;
}

function requirePlain(value: unknown, place: string, depth: number): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (typeof value !== "object") throw refused(`${place} is no data (${typeof value})`);
  if (depth >= maxDepth) throw refused(`${place} is nested too deep`);
  if (!isPlain(value)) throw refused(`${place} is not plain data (${value.constructor?.name ?? "an object"})`);
  if (Object.hasOwn(value, "$secret") && (value as { $secret: Json }).$secret !== "set")
    throw refused(`${place} holds a secret`);
  for (const [name, inner] of Object.entries(value)) requirePlain(inner, `${place}.${name}`, depth + 1);
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const refused = (why: string): ServerError => new ServerError("AUDIT_DETAIL", `not audited: ${why}`);
