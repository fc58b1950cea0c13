import type { JsonObject } from "#core";
import type { HostLine, PortLine, ScanLine, ScanSummaryLine } from "#tools/wire";
import { oneLine, readableDuration } from "../quantities.ts";
import { type Cell, tableLines } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { ToolView } from "./tool-show.ts";

interface SeenScan {
  readonly ports: PortLine[];
  readonly hosts: HostLine[];
  /** Hosts with a port in the list. */
  readonly named: Set<string>;
  summary?: ScanSummaryLine;
  progress: string;
}

/** What workers find at hosts: a line for each port, one for each host without any, and how far it is. */
export class ScanText implements ToolView {
  readonly #scans: Map<string, SeenScan>;
  readonly #terminal: Pick<Terminal, "columns" | "colours">;

  constructor(workers: readonly string[], terminal: Pick<Terminal, "columns" | "colours">) {
    this.#scans = new Map(
      workers.map((worker) => [worker, { ports: [], hosts: [], named: new Set<string>(), progress: "" }]),
    );
    this.#terminal = terminal;
  }

  take(worker: string, json: JsonObject): void {
    const seen = this.#scans.get(worker);
    const line = json as unknown as ScanLine;
    if (line.type === "port" && isPort(line)) {
      seen?.ports.push(line);
      seen?.named.add(line.address);
    }
    if (line.type === "host" && typeof line.address === "string") seen?.hosts.push(line);
    else if (line.type === "summary" && seen && isSummary(line)) seen.summary = line;
    else if (line.type === "progress" && seen && typeof line.part === "string" && Number.isFinite(line.percent))
      seen.progress = `${Math.floor(line.percent)}% of ${oneLine(line.part)}`;
  }

  text(most = Number.MAX_SAFE_INTEGER): readonly string[] {
    const { columns, colours } = this.#terminal;
    const ends = [...this.#scans].map(([worker, seen]) => this.#endText(worker, seen)).filter((text) => text !== "");
    // Room for the ends, and for a word on what is left out.
    const room = Math.max(1, most - ends.length - 1);
    const rows = [...this.#scans].flatMap(([worker, seen]) => this.#rows(worker, seen, room));
    const shown = tableLines(rows.slice(-room), columns);
    const found = [...this.#scans.values()].reduce((sum, { ports }) => sum + ports.length, 0);
    const more = found > shown.length ? [colours.faint(`… the latest of ${found} ports`)] : [];
    return [...more, ...shown, ...ends];
  }

  #rows(worker: string, { ports, hosts, named }: SeenScan, most: number): Cell[][] {
    const { colours } = this.#terminal;
    const mark = { open: colours.good, closed: colours.faint, filtered: colours.busy };
    const name = { text: oneLine(worker), mark: colours.faint };
    const found = ports
      .slice(-most)
      .map(({ address, port, state, service, banner }) => [
        name,
        { text: oneLine(address) },
        { text: `${port}/tcp`, alignRight: true },
        { text: state, mark: mark[state] },
        { text: oneLine(serviceText(service, banner)) },
      ]);
    const bare = hosts.slice(-most).filter(({ address, state }) => !named.has(address) && state === "up");
    return [
      ...found,
      ...bare.map(({ address }) => [
        name,
        { text: oneLine(address) },
        { text: "" },
        { text: "up" },
        { text: "no open port" },
      ]),
    ];
  }

  #endText(worker: string, { summary, progress }: SeenScan): string {
    const { colours } = this.#terminal;
    const who = oneLine(worker);
    if (!summary) return progress === "" ? "" : colours.faint(`${who}: ${progress}`);
    const { open, up, hosts, program, seconds, complete } = summary;
    const said = `${who}: ${open} open, ${up} of ${hosts} hosts up, by ${oneLine(program)} in ${readableDuration(seconds)}`;
    return complete ? colours.faint(said) : colours.bad(`${said}; stopped before its end`);
  }
}

/** A worker may send anything: what is no port is not shown. */
function isPort({ address, port, state }: PortLine): boolean {
  return typeof address === "string" && typeof port === "number" && ["open", "closed", "filtered"].includes(state);
}

function isSummary({ program, open, up, hosts, seconds }: ScanSummaryLine): boolean {
  return typeof program === "string" && [open, up, hosts, seconds].every((number) => typeof number === "number");
}

function serviceText(service: PortLine["service"], banner: string | undefined): string {
  if (typeof banner === "string") return banner;
  if (typeof service !== "object" || service === null) return "";
  const { name, product, version, guessed } = service;
  return [guessed ? `${name}?` : name, product, version].filter((part) => part !== undefined).join(" ");
}
