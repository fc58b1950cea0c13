/** A cell: its text, and how it is marked once its width is known. */
export interface Cell {
  readonly text: string;
  readonly mark?: ((text: string) => string) | undefined;
  readonly alignRight?: boolean;
}

/**
 * Lines of a table whose columns stand under one another, two spaces apart.
 *
 * The last column is cut to the terminal's width, when there is one.
 */
export function tableLines(rows: readonly (readonly Cell[])[], columns?: number): string[] {
  // There may be more rows than a call takes arguments.
  const most = (lengthOf: (row: readonly Cell[]) => number): number =>
    rows.reduce((longest, row) => Math.max(longest, lengthOf(row)), 0);
  const count = most((row) => row.length);
  const widths = Array.from({ length: count }, (_, at) => most((row) => row[at]?.text.length ?? 0));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = columns === undefined ? undefined : Math.max(8, columns - before);
  return rows.map((row) =>
    row
      .map((cell, at) => cellText(cell, widths[at] ?? 0, at === count - 1, room))
      .join("  ")
      .trimEnd(),
  );
}

function cellText(
  { text, mark = (same) => same, alignRight }: Cell,
  width: number,
  isLast: boolean,
  room?: number,
): string {
  if (isLast) return mark(room !== undefined && text.length > room ? `${text.slice(0, room - 1)}…` : text);
  const space = " ".repeat(width - text.length);
  return alignRight ? space + mark(text) : mark(text) + space;
}
