import type { ControlClient } from "#control";
import { errorText, FarhandError } from "#core";
import type { EndedUnit } from "#work";
import { type ConnectionOptions, connectorOf } from "./connection.ts";
import { remedyFor } from "./remedies.ts";
import type { Terminal } from "./terminal.ts";

/** What to do to each unit, and the word for it when it is done. */
export interface EndAction {
  readonly word: "cancelled" | "released";
  end(control: ControlClient, unitId: string): Promise<EndedUnit>;
  readonly json: true | undefined;
}

/** What became of one unit, as `--json` prints it. */
interface EndReport {
  readonly unitid: string;
  readonly result?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy?: string };
}

/** Cancel or release units one after another; one that fails keeps none of the others. The first failure is the exit code. */
export async function endUnits(
  unitIds: readonly string[],
  { word, end, json }: EndAction,
  options: ConnectionOptions,
  terminal: Terminal,
): Promise<number> {
  const connect = await connectorOf(options, terminal.env);
  const reports: EndReport[] = [];
  let exit = 0;
  for (const unitid of unitIds) {
    try {
      const { isPending } = await onConnection(connect, (control) => end(control, unitid));
      const result = isPending ? `${word === "cancelled" ? "cancel" : "release"} pending` : word;
      reports.push({ unitid, result });
      if (!json) terminal.print(`${unitid} ${result}`);
    } catch (error) {
      const code = error instanceof FarhandError ? error.code : "UNEXPECTED";
      exit ||= error instanceof FarhandError ? error.exit : 1;
      const message = errorText(error);
      const remedy = remedyFor(error, code);
      reports.push({ unitid, error: { code, message, ...(remedy && { remedy }) } });
      if (!json) terminal.say(`farhand: ${unitid}: ${message}${remedy ? `\ntry: ${remedy}` : ""}`);
    }
  }
  if (json) terminal.print(JSON.stringify(reports));
  return exit;
}

/** A connection for each: one that a unit breaks is not missed by the next. */
async function onConnection<T>(
  connect: () => Promise<ControlClient>,
  ask: (control: ControlClient) => Promise<T>,
): Promise<T> {
  const control = await connect();
  try {
    return await ask(control);
  } finally {
    control.close();
  }
}
