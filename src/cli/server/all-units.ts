import { parseGoDuration } from "#core";
import { isFinal } from "#work/wire";
import type { UnitsOptions } from "../commands/units.ts";
import { CliError } from "../errors.ts";
import { oneLine, readableAge, readableSize } from "../quantities.ts";
import { type Cell, tableLines } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { stateMark } from "../unit-text.ts";
import type { ApiClient } from "./api-client.ts";
import { queryText } from "./api-path.ts";
import { plain } from "./config-text.ts";
import { listIn, numberOf, objectIn, type Shape, stringOf } from "./shapes.ts";

const limitUnlessSaid = 100;
const pageUnits = 500;
/** What is older is said with its age: three heartbeats, as of workers. */
const staleMs = 45_000;

/** Print units of all workers. @throws {CliError} USAGE. */
export async function listAllUnits(
  api: Pick<ApiClient, "ask" | "now">,
  options: UnitsOptions,
  terminal: Terminal,
): Promise<void> {
  const most = limitIn(options.limit);
  const query = {
    ...{ worker: options.on, workType: options.type, state: options.state, user: options.user },
    after: options.since === undefined ? undefined : Math.max(0, api.now() - durationIn(options.since)),
    released: options.all ? undefined : false,
  };
  const units: Shape[] = [];
  for (let cursor: string | undefined; units.length < most; ) {
    const limit = Math.min(pageUnits, most - units.length);
    const page = await api.ask("GET", `/units${queryText({ ...query, limit, cursor })}`);
    units.push(...listIn(page));
    cursor = stringOf(objectIn(page)["next"]);
    if (cursor === undefined) break;
  }
  if (options.json) return terminal.print(JSON.stringify(units));
  if (units.length === 0) return terminal.say("no units");
  for (const line of allUnitsTable(units, api.now(), terminal)) terminal.print(line);
}

/** A heading and a line for each unit. @param now milliseconds since 1970 by the server's clock. */
export function allUnitsTable(
  units: readonly Shape[],
  now: number,
  { colours, columns }: Pick<Terminal, "colours" | "columns">,
): string[] {
  const headings = ["WORKER", "UNIT", "STATE", "TYPE", "BY", "AGE", "SIZE", "DETAIL"];
  const right = new Set(["AGE", "SIZE"]);
  const heading = headings.map((text) => ({ text, mark: colours.faint, alignRight: right.has(text) }));
  const rows = units.map((unit): Cell[] => {
    const state = numberOf(unit["state"]) ?? 0;
    const createdAt = numberOf(unit["createdAt"]) ?? now;
    const { user } = objectIn(unit["requestedBy"] ?? {});
    return [
      { text: plain(objectIn(unit["worker"])["name"]) },
      { text: plain(unit["id"]) },
      { text: stateText(unit, state, now), mark: stateMark(state, colours) },
      { text: plain(unit["workType"]) },
      { text: plain(user).replace(/ \([^()]*\)$/, "") },
      { text: readableAge((now - createdAt) / 1_000), alignRight: true },
      { text: readableSize(numberOf(unit["stdoutSize"]) ?? 0), alignRight: true },
      { text: oneLine(stringOf(unit["detail"]) ?? "") },
    ];
  });
  return tableLines([heading, ...rows], columns);
}

/** `Running`, `Running? (5m old)` of a worker that is away, `Succeeded, removed`. */
function stateText(unit: Shape, state: number, now: number): string {
  const name = plain(unit["stateName"]);
  if (numberOf(unit["releasedAt"]) !== undefined) return `${name}, removed`;
  const ageMs = now - (numberOf(unit["asOf"]) ?? now);
  if (isFinal(state) || ageMs < staleMs) return name;
  return `${name}? (${readableAge(ageMs / 1_000)} old)`;
}

function limitIn(text: string | undefined): number {
  if (text === undefined) return limitUnlessSaid;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit > 0) return limit;
  throw new CliError("USAGE", `--limit ${text} is no number from 1 to 999999`, { remedy: "a whole number" });
}

function durationIn(text: string): number {
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds !== undefined && nanoseconds >= 0n) return Number(nanoseconds / 1_000_000n);
  throw new CliError("USAGE", `--since ${text} is no duration`, { remedy: "one like 90s, 1h30m" });
}
