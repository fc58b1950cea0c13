import type { JsonObject } from "#core";
import type { ToolName } from "#tools/wire";
import type { JsonOptions } from "../command.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { LiveBlock } from "./live-block.ts";
import { hearPresses, type Presses } from "./presses.ts";
import { type ServerOptions, withServer } from "./server-options.ts";
import { runTool, type ToolEnding } from "./tool-run.ts";
import { jsonLine, ToolLines } from "./tool-lines.ts";
import { toolWorkers } from "./tool-workers.ts";

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
  readonly options: ToolShowOptions;
  /** For tests. */
  readonly presses?: Presses;
}

/** Makes text of the lines of a tool. */
export interface ToolView {
  /** A line came. */
  take(worker: string, line: JsonObject): void;
  /** All there is to see now; drawn in place on a terminal. */
  text(): readonly string[];
}

/**
 * Run a tool on workers and show what it finds, live: with `--json` each line as it comes, with its worker; on a terminal the view,
 * drawn anew with each line; elsewhere the view at the end.
 *
 * @returns what became of it on each worker; faults were told.
 */
export async function showTool(
  { tool, params, names, options, presses = hearPresses() }: ToolShow,
  viewOf: (workers: readonly string[]) => ToolView,
  terminal: Terminal,
): Promise<ToolEnding[]> {
  try {
    return await withServer(options, terminal, async (api) => {
      const workers = await toolWorkers(api, names, options.from);
      const [lines, view, block] = [new ToolLines(), viewOf(workers), new LiveBlock(terminal)];
      const notes: string[] = [];
      const output = (worker: string, chunk: Uint8Array): void => {
        for (const line of lines.take(worker, chunk)) {
          view.take(worker, line);
          if (options.json) terminal.print(jsonLine(worker, line));
        }
        if (!options.json && terminal.columns !== undefined) block.show([...view.text(), ...notes]);
      };
      const told = (text: string, worker?: string): void => {
        const note = worker === undefined ? text : `${oneLine(worker)}: ${oneLine(text)}`;
        if (terminal.columns !== undefined) notes.splice(0, 1, terminal.colours.faint(note));
        else if (!options.json) terminal.say(note);
      };
      const endings = await runTool({ api, workers, tool, params, presses }, { output, told });
      if (!options.json) block.end(view.text());
      for (const ending of endings) tellEnding(ending, options, terminal);
      return endings;
    });
  } finally {
    presses.close();
  }
}

/** A tool that looked, and found that something is not as it should be, has done its work. */
function tellEnding({ worker, unit, exit, fault, code }: ToolEnding, { json }: JsonOptions, terminal: Terminal): void {
  if (json) return terminal.say(JSON.stringify({ worker, unit, exit, fault, code }));
  if (exit > 1) terminal.say(`${oneLine(worker)}: ${terminal.colours.bad(oneLine(fault ?? `it ended with ${exit}`))}`);
}
