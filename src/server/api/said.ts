import type { JsonObject } from "#core";

/** What was said, without the fields that were left out. */
export function said(wish: object): JsonObject {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as JsonObject;
}
