import type { IndexedUnit } from "#server/wire";

/** The params of a tool, as somebody asked for them; empty where they are not known or were cut. */
export function askedOf({ params }: Pick<IndexedUnit, "params">): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(params?.["params"] ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** One of them as a text. */
export function askedText(unit: Pick<IndexedUnit, "params">, name: string): string {
  const value = askedOf(unit)[name];
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
