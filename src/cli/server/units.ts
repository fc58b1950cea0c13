import { systemClock } from "#core";
import type { UnitReport } from "#work/wire";
import type { UnitsOutputOptions } from "../commands/units-output.ts";
import type { UnitsReleaseOptions } from "../commands/units-release.ts";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import { oldestFirst, unitLines, unitTable } from "../unit-text.ts";
import type { WorkersApi } from "./workers-api.ts";
import { apiPath, queryText } from "./api-path.ts";
import { followRun } from "./follow-run.ts";
import { allOf } from "./pages.ts";
import { hearPresses } from "./presses.ts";
import { withServer } from "./server-options.ts";
import { objectIn } from "./shapes.ts";
import { unitReport } from "./unit-report.ts";

/** A unit of a worker. */
export interface NamedUnit {
  readonly worker: string;
  readonly unit: string;
}

type Json = true | undefined;

/** Print the units of a worker. */
export async function listUnits(api: WorkersApi, worker: string, json: Json, terminal: Terminal): Promise<void> {
  const units = await allOf(api, apiPath`/workers/${worker}/units`);
  if (json) return terminal.print(JSON.stringify(units));
  if (units.length === 0) return terminal.say("no units");
  const reports = Object.fromEntries(units.map(unitReport).map(({ id, report }): [string, UnitReport] => [id, report]));
  for (const line of unitTable(oldestFirst(reports), api.now(), terminal)) terminal.print(line);
}

/** Print how one unit is. */
export async function showUnit(
  api: WorkersApi,
  { worker, unit }: NamedUnit,
  json: Json,
  terminal: Terminal,
): Promise<void> {
  const answer = await api.ask("GET", apiPath`/workers/${worker}/units/${unit}`);
  if (json) return terminal.print(JSON.stringify(answer));
  const { id, report } = unitReport(answer);
  for (const line of unitLines(id, report, api.now(), terminal)) terminal.print(line);
}

/** Print a unit's output, and end as the unit does. */
export async function unitOutput(
  { worker, unit }: NamedUnit,
  options: UnitsOutputOptions,
  terminal: Terminal,
): Promise<number> {
  const from = byteIn(options.from ?? "0");
  const presses = hearPresses();
  try {
    return await withServer(options, terminal, async (api) => {
      // Asked first, so that an unknown unit is said at once.
      await api.ask("GET", apiPath`/workers/${worker}/units/${unit}`);
      const { json } = options;
      return await followRun({ api, worker, unit, from, json, clock: systemClock, presses, onlyLook: true }, terminal);
    });
  } finally {
    presses.close();
  }
}

function byteIn(text: string): number {
  const byte = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(byte)) return byte;
  throw new CliError("USAGE", `--from ${text} is no byte offset`, { remedy: "a number from 0 on" });
}

/** Cancel one unit. */
export async function cancelUnit(
  api: WorkersApi,
  { worker, unit }: NamedUnit,
  json: Json,
  terminal: Terminal,
): Promise<void> {
  const answer = objectIn((await api.ask("POST", apiPath`/workers/${worker}/units/${unit}/cancel`)) ?? {});
  if (json) terminal.print(JSON.stringify({ unit, ...answer }));
  else terminal.say(`unit ${unit} ${answer["pending"] === true ? "will be" : "is being"} cancelled`);
}

/** Release units one after another. */
export async function releaseUnits(
  api: WorkersApi,
  { worker, units }: { readonly worker: string; readonly units: readonly string[] },
  { force, json }: UnitsReleaseOptions,
  terminal: Terminal,
): Promise<void> {
  for (const unit of units) {
    await api.ask("DELETE", apiPath`/workers/${worker}/units/${unit}` + queryText({ force }));
    if (!json) terminal.say(`unit ${unit} released`);
  }
  if (json) terminal.print(JSON.stringify(units));
}
