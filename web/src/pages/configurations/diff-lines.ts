/** A line of two texts side by side: in both, only in the first, only in the second. */
export interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly text: string;
  /** Where it stands in the first and in the second, counted from 1. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Lines that differ with those around them, and how many equal ones were left out before. */
export interface Hunk {
  readonly skipped: number;
  readonly lines: readonly DiffLine[];
}

/** More would take long to compare: then what lies between the equal ends counts as another text. */
const mostCompared = 4_000_000;

/** What has to be taken away and added to come from one text to the other: as little as possible. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const signs = [
    ...Array.from({ length: head }, () => " " as const),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...Array.from({ length: tail }, () => " " as const),
  ];
  return numbered(signs, a, b);
}

/** Only what differs, with a few equal lines around it. No hunk: they are the same. */
export function hunksOf(lines: readonly DiffLine[], around = 3): Hunk[] {
  const isNear = lines.map((_, n) =>
    lines.slice(Math.max(0, n - around), n + around + 1).some(({ sign }) => sign !== " "),
  );
  const hunks: { skipped: number; lines: DiffLine[] }[] = [];
  let skipped = 0;
  lines.forEach((line, n) => {
    if (!isNear[n]) skipped++;
    else if (skipped > 0 || hunks.length === 0) {
      hunks.push({ skipped, lines: [line] });
      skipped = 0;
    } else hunks.at(-1)?.lines.push(line);
  });
  return hunks;
}

function linesOf(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

/** By the longest common subsequence. */
function middle(a: readonly string[], b: readonly string[]): DiffLine["sign"][] {
  if (a.length * b.length > mostCompared) return [...a.map(() => "-" as const), ...b.map(() => "+" as const)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const signs: DiffLine["sign"][] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    const sign = i < a.length && j < b.length && a[i] === b[j] ? " " : isTaken(i, j) ? "-" : "+";
    signs.push(sign);
    if (sign !== "+") i++;
    if (sign !== "-") j++;
  }
  return signs;

  function isTaken(i: number, j: number): boolean {
    return i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1));
  }
}

function numbered(signs: readonly DiffLine["sign"][], a: readonly string[], b: readonly string[]): DiffLine[] {
  let [i, j] = [0, 0];
  return signs.map((sign) => {
    const from = sign === "+" ? undefined : ++i;
    const to = sign === "-" ? undefined : ++j;
    const text = (from === undefined ? b[j - 1] : a[i - 1]) ?? "";
    return { sign, text, from, to };
  });
}
