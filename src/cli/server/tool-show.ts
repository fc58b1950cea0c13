import { type JsonObject, systemClock } from "#core";
import type { ToolName } from "#tools/wire";
import type { JsonOptions } from "../command.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { LiveBlock, mostLines } from "./live-block.ts";
import { PacedDrawing } from "./paced-drawing.ts";
import { hearPresses, type Presses } from "./presses.ts";
import { type ServerOptions, withServer } from "./server-options.ts";
import { tellRemedies } from "./tool-refusal.ts";
import { runTool, type ToolEnding } from "./tool-run.ts";
import { jsonLine, ToolLines } from "./tool-lines.ts";
import { type Naming, toolWorkers } from "./tool-workers.ts";

/** Options of a command that runs a tool whose result is lines. */
export interface ToolShowOptions extends ServerOptions, JsonOptions {
  readonly from?: readonly string[];
}

/** What is to run, and where. */
export interface ToolShow {
  readonly tool: ToolName;
  readonly params: JsonObject;
  /** Names or ids; none when `options.from` says which. */
  readonly names: readonly string[];
  readonly naming?: Naming;
  readonly options: ToolShowOptions;
  /** For tests. */
  readonly presses?: Presses;
}

/** Makes text of the lines of a tool. */
export interface ToolView {
  /** A line came. */
  take(worker: string, line: JsonObject): void;
  /** All there is to see now; while it goes on, what is latest of it in `most` lines is enough. */
  text(most?: number): readonly string[];
}

/**
 * Run a tool on workers and show what it finds, live: with `--json` each line as it comes, with its worker; on a terminal the view,
 * drawn anew with each line; elsewhere the view at the end.
 *
 * @returns what became of it on each worker; faults were told.
 */
export async function showTool(
  { tool, params, names, naming, options, presses = hearPresses() }: ToolShow,
  viewOf: (workers: readonly string[]) => ToolView,
  terminal: Terminal,
): Promise<ToolEnding[]> {
  try {
    return await withServer(options, terminal, async (api) => {
      const workers = await toolWorkers(api, names, options.from, naming);
      const [lines, view, block] = [new ToolLines(), viewOf(workers), new LiveBlock(terminal)];
      const notes: string[] = [];
      const draw = (): void => block.show([...view.text(mostLines - notes.length), ...notes]);
      const drawing = new PacedDrawing(draw, systemClock);
      const output = async (worker: string, chunk: Uint8Array): Promise<void> => {
        const taken = lines.take(worker, chunk);
        for (const line of taken) view.take(worker, line);
        if (options.json) await printLines(worker, taken, terminal);
        else if (terminal.columns !== undefined) drawing.changed();
      };
      const told = (text: string, worker?: string): void => {
        const note = worker === undefined ? text : `${oneLine(worker)}: ${oneLine(text)}`;
        if (terminal.columns !== undefined) notes.splice(0, 1, terminal.colours.faint(note));
        else if (!options.json) terminal.say(note);
      };
      const endings = await runTool(
        { api, workers, tool, params, presses, whenUnread: terminal.whenUnread },
        { output, told },
      ).finally(() => drawing.end());
      if (!options.json) block.end(view.text());
      for (const ending of endings) tellEnding(ending, options, terminal);
      if (!options.json) tellRemedies(endings, terminal);
      return endings;
    });
  } finally {
    presses.close();
  }
}

/** In one piece, and no faster than they are taken. */
async function printLines(worker: string, lines: readonly JsonObject[], terminal: Terminal): Promise<void> {
  if (lines.length === 0) return;
  await terminal.write(Buffer.from(lines.map((line) => `${jsonLine(worker, line)}\n`).join("")));
}

/** A tool that looked, and found that something is not as it should be, has done its work. */
function tellEnding({ worker, unit, exit, fault, code }: ToolEnding, { json }: JsonOptions, terminal: Terminal): void {
  if (json) return terminal.say(JSON.stringify({ worker, unit, exit, fault, code }));
  if (exit > 1) terminal.say(`${oneLine(worker)}: ${terminal.colours.bad(oneLine(fault ?? `it ended with ${exit}`))}`);
}
