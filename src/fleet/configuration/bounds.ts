import type { JsonObject } from "#core";
import { FleetError } from "../errors.ts";

const maxChars = 262_144;
const maxDepth = 32;
const maxComment = 1_000;

/** @throws {FleetError} CONFIG_INVALID unless it can be a name of a configuration. */
export function requireConfigName(name: string): void {
  if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(name))
    throw invalid("a name is up to 63 letters, digits, `.`, `_` and `-`, and begins with a letter or digit");
}

/** @throws {FleetError} CONFIG_INVALID when it is too deep or too large to be looked at. */
export function requireBounded(document: JsonObject, comment: string): void {
  requireDepth(document, 0);
  if (JSON.stringify(document).length > maxChars) throw invalid(`the document is longer than ${maxChars} characters`);
  if (comment.length > maxComment) throw invalid(`the comment is longer than ${maxComment} characters`);
}

function requireDepth(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth >= maxDepth) throw invalid(`the document is nested deeper than ${maxDepth}`);
  for (const inner of Object.values(value)) requireDepth(inner, depth + 1);
}

const invalid = (why: string): FleetError => new FleetError("CONFIG_INVALID", why);
