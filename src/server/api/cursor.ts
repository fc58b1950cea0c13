import { ServerError } from "../errors.ts";

/** Where a page ends, as clients carry it: nothing that they should read. */
export function cursorOf(key: string): string {
  return Buffer.from(key).toString("base64url");
}

/** @throws {ServerError} REQUEST_INVALID. */
export function keyOfCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, "base64url").toString();
  if (cursorOf(key) !== cursor) throw new ServerError("REQUEST_INVALID", "cursor: it is none of ours");
  return key;
}

/** The same for lists in the order of a number. */
export function numberOfCursor(cursor: string | undefined): number {
  const key = keyOfCursor(cursor) ?? "0";
  if (!/^\d{1,15}$/.test(key)) throw new ServerError("REQUEST_INVALID", "cursor: it is none of ours");
  return Number(key);
}

/** What a client asks for. */
export interface PageWish {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A part of a list. */
export interface Page<T> {
  readonly items: T[];
  readonly next?: string;
}

/** A page of what was asked for with one more than `limit`. */
export function pageFrom<T>(found: readonly T[], limit: number, keyOf: (item: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: cursorOf(keyOf(last)) } : { items };
}

/** A page of a list that is small enough to be at hand, by keys that are all different. */
export function pageOfAll<T>(all: readonly T[], { limit, cursor }: PageWish, keyOf: (item: T) => string): Page<T> {
  const after = keyOfCursor(cursor);
  const sorted = all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  return pageFrom(rest, limit, keyOf);
}
