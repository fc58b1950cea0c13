import type { ScanLine } from "./result.ts";

/** Counts what is told, for the summary. */
export class ScanTotals {
  up = 0;
  open = 0;

  count(line: ScanLine): void {
    if (line.type !== "host") return;
    if (line.state === "up") this.up++;
    this.open += line.open;
  }
}
