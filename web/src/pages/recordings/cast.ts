/** Something of a recorded terminal; `at` in milliseconds since it began. */
export type CastEvent = { readonly at: number } & (
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "size"; readonly columns: number; readonly rows: number }
  /** So much is missing here, in words. */
  | { readonly kind: "mark"; readonly text: string }
);

/** The size of a terminal in characters. */
interface CastSize {
  readonly columns: number;
  readonly rows: number;
}

const most = 1_000;
const cells = (value: unknown, otherwise: number): number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most ? value : otherwise;

/** The size that a terminal was opened with, from the first line of an asciicast v2; undefined: it is none. */
export function castSize(line: string): CastSize | undefined {
  const head = parsed(line);
  if (typeof head !== "object" || head === null || !("version" in head) || head.version !== 2) return undefined;
  const { width, height } = { width: 80, height: 24, ...head };
  return { columns: cells(width, 80), rows: cells(height, 24) };
}

/** One of the lines behind it; undefined: it says nothing that is shown. */
export function castEvent(line: string): CastEvent | undefined {
  const value = parsed(line);
  if (!Array.isArray(value)) return undefined;
  const [seconds, kind, data] = value as readonly unknown[];
  if (typeof seconds !== "number" || !(seconds >= 0) || typeof data !== "string") return undefined;
  const at = seconds * 1_000;
  if (kind === "o") return { at, kind: "output", text: data };
  if (kind === "m") return { at, kind: "mark", text: data };
  const [, columns, rows] = kind === "r" ? (/^(\d{1,4})x(\d{1,4})$/.exec(data) ?? []) : [];
  return columns === undefined
    ? undefined
    : { at, kind: "size", columns: cells(Number(columns), 80), rows: cells(Number(rows), 24) };
}

/** Any line of an asciicast: the first one is the size that the terminal began with. */
export function castLine(line: string): CastEvent | undefined {
  const size = castSize(line);
  return size ? { at: 0, kind: "size", ...size } : castEvent(line);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
