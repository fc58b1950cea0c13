import { systemClock } from "#core";
import { hearInterrupts } from "../interrupts.ts";
import { oneLine, readableAge } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { type LiveView, liveWorkers } from "./live-workers.ts";
import { hasLabels, seenWorker } from "./seen-worker.ts";
import { workersTable } from "./workers-text.ts";

/** What of the workers is shown, and in which form. */
export interface Watching {
  readonly labels: Readonly<Record<string, string>>;
  readonly states: readonly string[];
  readonly json: true | undefined;
}

/** Ages are drawn anew this often. */
const redrawMs = 1_000;

/** Show workers live until Ctrl-C: as a table that is drawn anew on a terminal, elsewhere a line for each change. */
export async function watchWorkers(api: ApiClient, watching: Watching, terminal: Terminal): Promise<void> {
  const interrupts = hearInterrupts();
  const screen = watching.json || terminal.columns === undefined ? undefined : tableOn(terminal, api, watching);
  const timer = screen && setInterval(screen.redraw, redrawMs);
  try {
    for await (const view of liveWorkers(api, systemClock, interrupts.signal)) {
      if (screen) screen.show(view);
      else tell(view, watching, terminal, api.now());
    }
  } catch (error) {
    if (!interrupts.signal.aborted) throw error;
  } finally {
    clearInterval(timer);
    interrupts.close();
  }
}

function tell({ changed, cutOff }: LiveView, watching: Watching, terminal: Terminal, now: number): void {
  if (cutOff && !watching.json) terminal.say(`cut off: ${oneLine(cutOff.why)}; trying again`);
  if (!changed) return;
  const worker = seenWorker(changed);
  if (!isWanted(worker, watching)) return;
  if (watching.json) return terminal.print(JSON.stringify(changed));
  const [, line = ""] = workersTable([worker], now, terminal);
  terminal.print(line);
}

function isWanted(worker: ReturnType<typeof seenWorker>, { labels, states }: Watching): boolean {
  return hasLabels(worker, labels) && (states.length === 0 || states.includes(worker.state));
}

function tableOn(terminal: Terminal, api: ApiClient, watching: Watching) {
  let drawn = 0;
  let view: LiveView | undefined;
  const redraw = (): void => {
    if (!view) return;
    const { cutOff } = view;
    const { colours } = terminal;
    const workers = view.workers.filter((worker) => isWanted(worker, watching));
    const note =
      cutOff && `${ageSince(cutOff.sinceMs)} without the server (${oneLine(cutOff.why)}): all of this is old`;
    const table = workersTable(workers, api.now(), terminal);
    const shown = note === undefined ? table : [colours.bad(note), ...table.map(colours.faint)];
    terminal.print(`${drawn > 0 ? `\u001B[${drawn}A\u001B[J` : ""}${shown.join("\n")}`);
    drawn = shown.length;
  };
  return {
    redraw,
    show(next: LiveView): void {
      view = next;
      redraw();
    },
  };
}

function ageSince(sinceMs: number): string {
  return readableAge((systemClock.elapsed() - sinceMs) / 1_000);
}
