import { type Directive, valueOf } from "./directive.ts";

/** What a section says, the same however it was written: keys in order, without comments and place. */
export function directiveText(directive: Directive): string {
  const { section, given } = directive;
  const values = given.toSorted().map((key) => [key, valueOf(directive, key)]);
  return JSON.stringify([section, values], withSortedKeys);
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
