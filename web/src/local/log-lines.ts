/** A line of the worker's log. */
export interface LogLine {
  /** The same line, heard twice, has the same. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: "info" | "warn" | "error";
  readonly text: string;
}

/** As the worker tells it; one of an older version has neither number nor time. */
export interface ToldLine {
  readonly n?: number;
  readonly at?: number;
  readonly level?: string;
  readonly message?: string;
  readonly fields?: object;
}

let unnumbered = 0;

export function lineOf({ n, at = Date.now(), level, message = "", fields }: ToldLine): LogLine {
  const known = level === "warn" || level === "error" ? level : "info";
  const text = fields ? `${message} ${JSON.stringify(fields)}` : message;
  return { id: n === undefined ? `heard ${++unnumbered}` : `${at} ${n}`, at, level: known, text };
}

/** Both in the order they were written, none twice, and the last `most` of them. */
export function joinedLines(before: readonly LogLine[], more: readonly LogLine[], most: number): readonly LogLine[] {
  const known = new Set(before.map(({ id }) => id));
  const fresh = more.filter(({ id }) => !known.has(id));
  const isLater = (fresh[0]?.at ?? 0) >= (before.at(-1)?.at ?? 0);
  const all = [...before, ...fresh];
  return (isLater ? all : all.toSorted((a, b) => a.at - b.at)).slice(-most);
}
