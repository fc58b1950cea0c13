import type { Colours } from "./colours.ts";

/** A finding, as far as it is printed. */
export interface ShownFinding {
  readonly check: string;
  readonly kind: "ok" | "warning" | "fail";
  readonly says: string;
  readonly cure?: string;
}

/** Findings for people: a line each, and its cure below those that have one. */
export function findingLines(findings: readonly ShownFinding[], colours: Colours): string[] {
  const marks = { ok: colours.good, warning: colours.busy, fail: colours.bad } as const;
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, kind, says, cure }) => [
    `${marks[kind](kind.padEnd(7))}  ${check.padEnd(width)}  ${says}`,
    ...(cure === undefined ? [] : [`${" ".repeat(7 + 2 + width)}  → ${cure}`]),
  ]);
}

/** The last line: how many there are. */
export function findingsSum(findings: readonly ShownFinding[]): string {
  const count = (kind: ShownFinding["kind"]) => findings.filter((finding) => finding.kind === kind).length;
  const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;
  return `${plural(count("fail"), "failure")}, ${plural(count("warning"), "warning")}`;
}
