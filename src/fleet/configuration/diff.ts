import { canonicalJson, isJsonObject, isList, type Json, type JsonObject } from "#core";
import { isSecret, redactSecrets } from "./secrets.ts";

/** One place where two documents differ. Secrets are shown as set, also when another one is. */
export interface ConfigChange {
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  /** Absent: there was nothing. */
  readonly before?: Json;
  /** Absent: it is gone. */
  readonly after?: Json;
}

/** One place where somebody's document differs from the one it was made from. */
export interface ThreeWayChange {
  readonly path: string;
  readonly base?: Json;
  readonly theirs?: Json;
  readonly yours?: Json;
  /** Both have changed it, and not to the same. */
  readonly conflict: boolean;
}

type Path = readonly string[];

/** All places where two stored documents differ, in order. */
export function diff(before: JsonObject, after: JsonObject): ConfigChange[] {
  return changedPaths(before, after).map((path) => ({
    path: pointer(path),
    ...shown("before", valueAt(before, path)),
    ...shown("after", valueAt(after, path)),
  }));
}

/** What others and you have made of the same document (CAT-72). */
export function threeWayDiff(base: JsonObject, theirs: JsonObject, yours: JsonObject): ThreeWayChange[] {
  const byThem = changedPaths(base, theirs);
  const byYou = changedPaths(base, yours);
  const all = new Map([...byThem, ...byYou].map((path) => [pointer(path), path]));
  return [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, parts]) => ({
      path,
      ...shown("base", valueAt(base, parts)),
      ...shown("theirs", valueAt(theirs, parts)),
      ...shown("yours", valueAt(yours, parts)),
      conflict:
        byThem.some((other) => touch(other, parts)) &&
        byYou.some((other) => touch(other, parts)) &&
        !same(valueAt(theirs, parts), valueAt(yours, parts)),
    }));
}

function changedPaths(before: Json | undefined, after: Json | undefined, path: Path = []): Path[] {
  if (same(before, after)) return [];
  if (isBranch(before) && isBranch(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].sort().flatMap((name) => changedPaths(own(before, name), own(after, name), [...path, name]));
  }
  // Entries of lists of one length are compared one by one; otherwise the whole list has changed.
  if (before !== undefined && after !== undefined && isList(before) && isList(after) && before.length === after.length)
    return before.flatMap((inner, n) => changedPaths(inner, after[n], [...path, String(n)]));
  return [path];
}

function isBranch(value: Json | undefined): value is JsonObject {
  return isJsonObject(value) && !isSecret(value);
}

function valueAt(document: Json, path: Path): Json | undefined {
  let value: Json | undefined = document;
  for (const name of path) value = value === undefined || isSecret(value) ? undefined : own(value, name);
  return value;
}

function own(value: Json, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as JsonObject)[name];
}

/** Whether one is the other, or lies in it. */
function touch(a: Path, b: Path): boolean {
  const shorter = Math.min(a.length, b.length);
  return a.slice(0, shorter).every((name, n) => name === b[n]);
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

function shown<Name extends string>(name: Name, value: Json | undefined): Partial<Record<Name, Json>> {
  return (value === undefined ? {} : { [name]: redactSecrets(value) }) as Partial<Record<Name, Json>>;
}

function pointer(path: Path): string {
  return path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
