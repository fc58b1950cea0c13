import type { CompiledQuery } from "kysely";

/**
 * Text as both databases give it back: PostgreSQL refuses a NUL, SQLite reads no further than that, and neither has half of
 * a surrogate pair. Strangers can send all of these; U+FFFD stands for each.
 */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.replaceAll(/[\0\p{Surrogate}]/gu, "\u{fffd}");
}

/** The same of all that a query says: one row that is refused would keep those out that are stored with it. */
export function storableQuery<R>(query: CompiledQuery<R>): CompiledQuery<R> {
  if (query.parameters.every((value) => typeof value !== "string" || isStorable(value))) return query;
  const parameters = query.parameters.map((value) => (typeof value === "string" ? storableText(value) : value));
  return { ...query, parameters };
}

// oxlint-disable-next-line no-control-regex -- it is what must not get in
const isStorable = (text: string): boolean => !/[\0\ud800-\udfff]/.test(text);
