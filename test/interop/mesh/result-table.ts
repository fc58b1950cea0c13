import { writeFileSync } from "node:fs";
import type { RunnerTask } from "vitest";
import { type Cell, cellName } from "./cells.ts";

/** What became of each step of each cell: the table of docs/interop.md. */
export class ResultTable {
  readonly #rows = new Map<string, Map<string, string>>();

  /** Write down how a test of a cell went. To be called right after it. */
  note(cell: Cell, { name, result }: RunnerTask): void {
    const row = this.#rows.get(cellName(cell)) ?? new Map<string, string>();
    this.#rows.set(cellName(cell), row);
    const seconds = (Date.now() - (result?.startTime ?? Date.now())) / 1000;
    row.set(name, result?.state === "fail" ? "**failed**" : `${seconds.toFixed(1)} s`);
  }

  /** In Markdown: a row for each cell, a column for each step. Cells that did not run are left out. */
  text(): string {
    const steps = [...new Set([...this.#rows.values()].flatMap((row) => [...row.keys()]))];
    const line = (fields: readonly string[]) => `| ${fields.join(" | ")} |`;
    const rows = [...this.#rows].map(([cell, row]) => line([cell, ...steps.map((step) => row.get(step) ?? "")]));
    return [line(["", ...steps]), line(["", ...steps].map(() => "---")), ...rows].join("\n");
  }

  /** Print it, and write it to the file that `INTEROP_TABLE` names. */
  publish(): void {
    console.log(this.text());
    if (process.env.INTEROP_TABLE) writeFileSync(process.env.INTEROP_TABLE, `${this.text()}\n`);
  }
}
