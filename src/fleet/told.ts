import type { Schema, SchemaIssue } from "./method.ts";

/** An unknown member may hide others, which show when it is gone. */
const mostRounds = 8;

type Path = readonly PropertyKey[];

/**
 * Read what the other side tells: an answer, or a report. Members that this version does not know are left out, at every level, so
 * that a server and its workers need not be renewed together. What orders, grants or proves something is never read so: there
 * each word counts, and one that is not understood is refused (docs/decisions/0020).
 */
export function readTold<T>(schema: Schema<T>, value: unknown): ReturnType<Schema<T>["safeParse"]> {
  let known = value;
  for (let round = 0; ; round++) {
    const read = schema.safeParse(known);
    if (read.success || round === mostRounds) return read;
    const unknown = read.error.issues.flatMap((issue) => unknownMembers(issue, []));
    if (unknown.length === 0) return read;
    if (round === 0) known = structuredClone(value);
    for (const path of unknown) remove(known, path);
  }
}

/** Of alternatives, the one that fits but for members that nobody knows. */
function unknownMembers({ code, keys, path, errors }: SchemaIssue, above: Path): Path[] {
  const here = [...above, ...path];
  if (code === "unrecognized_keys") return (keys ?? []).map((key) => [...here, key]);
  const fitting = errors?.find((issues) => issues.every((issue) => issue.code === "unrecognized_keys"));
  return (fitting ?? []).flatMap((issue) => unknownMembers(issue, here));
}

function remove(value: unknown, path: Path): void {
  let at = value;
  for (const key of path.slice(0, -1)) at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
  if (typeof at === "object" && at !== null) Reflect.deleteProperty(at, path.at(-1) ?? "");
}
