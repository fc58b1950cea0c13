import { type JsonOptions } from "../command.ts";
import { systemClock } from "#core";
import { ProgressLines } from "#monitor";
import { stateName } from "#work/wire";
import { endingOf } from "../ending.ts";
import { followUnit } from "../follow.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { apiPath } from "./api-path.ts";
import { LiveBlock } from "./live-block.ts";
import { hearPresses } from "./presses.ts";
import { nothingSeen, progressText, seenAfter } from "./progress-text.ts";
import { type ServerOptions, withServer } from "./server-options.ts";
import { unitLink } from "./unit-link.ts";
import type { NamedUnit } from "./units.ts";

/** Show the progress lines of a unit's output as they come, to its end; through cuts of the connection. */
export async function showProgress(
  { worker, unit }: NamedUnit,
  { json, ...options }: ServerOptions & JsonOptions,
  terminal: Terminal,
): Promise<number> {
  const presses = hearPresses();
  const leave = new AbortController();
  presses.hear((reason) => leave.abort(reason));
  const block = new LiveBlock(terminal);
  const lines = new ProgressLines();
  let seen = nothingSeen;
  try {
    return await withServer(options, terminal, async (api) => {
      // Asked first, so that an unknown unit is said at once.
      await api.ask("GET", apiPath`/workers/${worker}/units/${unit}`);
      const { report } = await followUnit(unitLink(api, worker, unit), {
        ...{ from: 0, wasReached: true, clock: systemClock, signal: leave.signal },
        write: (chunk) => {
          for (const { said } of lines.take(chunk)) {
            seen = seenAfter(seen, said);
            if (json) terminal.print(JSON.stringify(said));
            else block.show([progressText(seen, terminal.columns)]);
          }
          return Promise.resolve();
        },
        retrying: (why, attempt) => {
          if (!json && attempt === 1) terminal.say(`${why}; trying again`);
        },
      });
      const { exit } = endingOf(report);
      const state = stateName(report.State);
      if (json) terminal.print(JSON.stringify({ command: "FINISHED", state, detail: report.Detail, exit }));
      else block.end([progressText(seen, terminal.columns), `${state}: ${oneLine(report.Detail)}`]);
      return exit;
    });
  } finally {
    presses.close();
  }
}
