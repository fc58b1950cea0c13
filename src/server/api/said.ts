import type { Json, JsonObject } from "#core";

/** What was said, without the fields that were left out. */
export function said(wish: object): JsonObject {
  return Object.fromEntries<Json>(Object.entries(wish).filter(([, value]) => value !== undefined));
}
