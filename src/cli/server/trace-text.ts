import type { JsonObject } from "#core";
import type { DrawnSummaryLine, HopLine, PathLine, TraceLine, TraceSummaryLine } from "#tools/wire";
import { oneLine } from "../quantities.ts";
import { type Cell, tableLines } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { ToolView } from "./tool-show.ts";

interface SeenPath {
  path?: PathLine;
  summary?: TraceSummaryLine;
  /** A worker of Quokka has drawn the path. */
  drawn?: DrawnSummaryLine;
  readonly hops: Map<number, HopLine>;
}

/** Paths of several workers to one target, each a table of its hops as far as they are known. */
export class TraceText implements ToolView {
  readonly #paths: Map<string, SeenPath>;
  readonly #terminal: Pick<Terminal, "columns" | "colours">;

  constructor(workers: readonly string[], terminal: Pick<Terminal, "columns" | "colours">) {
    this.#paths = new Map(workers.map((worker) => [worker, { hops: new Map<number, HopLine>() }]));
    this.#terminal = terminal;
  }

  take(worker: string, json: JsonObject): void {
    const seen = this.#paths.get(worker);
    const line = json as unknown as TraceLine | DrawnSummaryLine;
    if (!seen) return;
    if (line.type === "path" && isPath(line)) seen.path = line;
    else if (line.type === "summary" && line.program === "quokka") {
      if (typeof line.target === "string") seen.drawn = line;
    } else if (line.type === "summary" && typeof line.hops === "number") seen.summary = line;
    else if (line.type === "hop" && isHop(line)) seen.hops.set(line.hop, line);
  }

  text(): readonly string[] {
    return [...this.#paths].flatMap(([worker, seen]) => this.#pathText(worker, seen));
  }

  #pathText(worker: string, { path, summary, drawn, hops }: SeenPath): string[] {
    const { colours, columns } = this.#terminal;
    if (drawn) {
      const what = drawn.picture ? "a picture, in the output of the unit" : "nothing";
      return [`${colours.strong(oneLine(worker))} → ${oneLine(drawn.target)}: ${what}; Quokka tells no hops`];
    }
    if (!path) return [];
    const last = summary?.hops ?? lastHop([...hops.values()], path.address);
    const shown = [...hops.values()].filter(({ hop }) => hop <= last).toSorted((a, b) => a.hop - b.hop);
    const how = `${path.method}${path.port === undefined ? "" : ` ${path.port}`} by ${path.program}`;
    const where = path.target === path.address ? path.address : `${path.target} (${path.address})`;
    const head = `${colours.strong(oneLine(worker))} → ${oneLine(where)}, ${oneLine(how)}${this.#endText(summary)}`;
    const heads = ["hop", "loss", "sent", "last", "average", "best", "worst", "address"];
    const rows = [heads.map((text) => ({ text, mark: colours.faint })), ...shown.map((hop) => this.#row(hop))];
    return [head, ...tableLines(rows, columns)];
  }

  #endText(summary: TraceSummaryLine | undefined): string {
    if (!summary) return "";
    const { colours } = this.#terminal;
    return summary.reached ? `: ${colours.good(`reached at hop ${summary.hops}`)}` : `: ${colours.bad("not reached")}`;
  }

  #row({ hop, loss, sent, lastMs, averageMs, bestMs, worstMs, addresses }: HopLine): Cell[] {
    const { colours } = this.#terminal;
    const mark = loss >= 1 ? colours.bad : loss > 0 ? colours.busy : undefined;
    const right = (text: string): Cell => ({ text, alignRight: true });
    return [
      right(String(hop)),
      { ...right(`${Math.round(loss * 100)}%`), mark },
      right(String(sent)),
      ...[lastMs, averageMs, bestMs, worstMs].map((ms) => right(msText(ms))),
      { text: addresses.length === 0 ? "?" : oneLine(addresses.join(", ")) },
    ];
  }
}

// A worker may send anything: what is none of these is not shown.

function isPath({ target, address, program, method }: PathLine): boolean {
  return [target, address, program, method].every((text) => typeof text === "string");
}

function isHop({ hop, addresses, loss, sent }: HopLine): boolean {
  const isList = Array.isArray(addresses) && addresses.every((address) => typeof address === "string");
  return isList && [hop, loss, sent].every((number) => typeof number === "number");
}

/** Until the summary says how long the path is: to where the target answered. */
function lastHop(hops: readonly HopLine[], address: string): number {
  const reached = hops.filter(({ addresses }) => addresses.includes(address)).map(({ hop }) => hop);
  return reached.length > 0 ? Math.min(...reached) : Number.POSITIVE_INFINITY;
}

/** `0.03 ms`, `3.1 ms`, `31 ms`, or `-` for none. */
export function msText(ms: unknown): string {
  if (typeof ms !== "number") return "-";
  return `${ms.toFixed(ms < 1 ? 2 : ms < 10 ? 1 : 0)} ms`;
}
