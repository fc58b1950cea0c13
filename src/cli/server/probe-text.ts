import type { JsonObject } from "#core";
import type { ProbeWord } from "#tools/wire";
import { oneLine } from "../quantities.ts";
import { type Cell, tableLines } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { ToolView } from "./tool-show.ts";
import { msText } from "./trace-text.ts";

interface SeenProbe {
  line?: JsonObject;
  summary?: JsonObject;
}

/** The word of each worker about a target, as far as it is known. */
export class ProbeText implements ToolView {
  readonly #probes: Map<string, SeenProbe>;
  readonly #terminal: Pick<Terminal, "columns" | "colours">;

  constructor(workers: readonly string[], terminal: Pick<Terminal, "columns" | "colours">) {
    this.#probes = new Map(workers.map((worker) => [worker, {}]));
    this.#terminal = terminal;
  }

  take(worker: string, line: JsonObject): void {
    const seen = this.#probes.get(worker);
    if (!seen) return;
    if (line["type"] === "summary") seen.summary = line;
    else if (line["type"] === "probe") seen.line = line;
  }

  /** What each worker said; those that said nothing are silent. */
  words(): ProbeWord[] {
    return [...this.#probes].map(([worker, { summary }]) => {
      const verdict = summary?.["verdict"];
      const reason = summary?.["reason"];
      const word = verdict === "up" || verdict === "down" ? verdict : "silent";
      return { worker, word, ...(typeof reason === "string" && { reason }) };
    });
  }

  text(): readonly string[] {
    const { colours, columns } = this.#terminal;
    const mark = { up: colours.good, down: colours.bad, silent: colours.faint };
    const rows = this.words().map(({ worker, word, reason }): Cell[] => {
      const line = this.#probes.get(worker)?.line;
      const what = word === "silent" && line === undefined ? "" : (reason ?? found(line));
      return [{ text: oneLine(worker) }, { text: word, mark: mark[word] }, { text: oneLine(what) }];
    });
    return tableLines(rows, columns);
  }
}

/** What of an attempt people want to see: where it went, its times, its status. */
function found(line: JsonObject = {}): string {
  const { address, server, status, code, protocol, daysLeft } = line;
  const times = ["ms", "connectMs", "tlsMs", "answerMs", "firstByteMs", "totalMs"]
    .filter((name) => typeof line[name] === "number")
    .map((name) => (name === "ms" ? msText(line[name]) : `${name.replace(/Ms$/, "")} ${msText(line[name])}`));
  const days = typeof daysLeft === "number" ? [`${daysLeft} days left`] : [];
  const parts = [address ?? server, status, code, protocol].filter((part) =>
    ["string", "number"].includes(typeof part),
  );
  return [...parts.map(String), ...times, ...days].join(", ");
}
