import { isFinal, stateName, type UnitReport, UnitState } from "#work/wire";
import type { Colours } from "./colours.ts";
import { runSeconds } from "./ending.ts";
import { oneLine, readableAge, readableDuration, readableSize, readableTime } from "./quantities.ts";
import { elsewhere, waitText } from "./remote-text.ts";
import { type Cell, tableLines } from "./table.ts";

interface Look {
  readonly colours: Colours;
  readonly columns: number | undefined;
}

type Units = Readonly<Record<string, UnitReport>>;

/** Units in the order they were made, as far as the node says when that was. */
export function oldestFirst(units: Units): Units {
  const madeAt = ({ CreatedAt = "" }: UnitReport): number => Date.parse(CreatedAt) || 0;
  return Object.fromEntries(Object.entries(units).sort(([, a], [, b]) => madeAt(a) - madeAt(b)));
}

/**
 * `work list` for people: a heading and a line for each unit; a column for nodes when work of other nodes is among them.
 *
 * @param now milliseconds since 1970.
 */
export function unitTable(units: Units, now: number, { colours, columns }: Look): string[] {
  const hasRemote = Object.values(units).some((report) => elsewhere(report) !== undefined);
  const isAsked = Object.values(units).some(({ RequestedBy }) => RequestedBy !== undefined);
  const more = [...(hasRemote ? ["NODE"] : []), ...(isAsked ? ["BY"] : [])];
  const heading = ["ID", "STATE", "TYPE", ...more, "AGE", "SIZE", "DETAIL"];
  const right = new Set(["AGE", "SIZE"]);
  const rows = Object.entries(units).map(([id, report]): Cell[] => [
    { text: oneLine(id) },
    { text: stateName(report.State), mark: stateMark(report.State, colours) },
    { text: elsewhere(report)?.workType ?? oneLine(report.WorkType) },
    ...(hasRemote ? [{ text: elsewhere(report)?.node ?? "-" }] : []),
    ...(isAsked ? [{ text: oneLine(report.RequestedBy?.User.replace(/ \([^()]*\)$/, "") ?? "-") }] : []),
    { text: ageOf(report, now), alignRight: true },
    { text: readableSize(report.StdoutSize), alignRight: true },
    { text: [fileOf(report), waitText(report), oneLine(report.Detail)].filter(Boolean).join("; ") },
  ]);
  return tableLines(
    [heading.map((text) => ({ text, mark: colours.faint, alignRight: right.has(text) })), ...rows],
    columns,
  );
}

function ageOf({ CreatedAt }: UnitReport, now: number): string {
  const created = Date.parse(CreatedAt ?? "");
  return Number.isNaN(created) ? "-" : readableAge((now - created) / 1000);
}

/** How a state is marked. */
export function stateMark(state: number, colours: Colours): (text: string) => string {
  if (state === UnitState.Succeeded) return colours.good;
  if (state === UnitState.Failed) return colours.bad;
  return isFinal(state) ? colours.faint : colours.busy;
}

/** `work status` for people: one fact a line. */
export function unitLines(id: string, report: UnitReport, now: number, { colours }: Look): string[] {
  const there = elsewhere(report);
  const facts: (readonly [string, string | undefined])[] = [
    ["unit", colours.strong(id)],
    ["type", there?.workType ?? oneLine(report.WorkType)],
    ["node", there && `${there.node}${there.unitId ? `, unit ${there.unitId} there` : ""}`],
    ["state", stateMark(report.State, colours)(stateName(report.State)) + endNote(report)],
    ["file", fileOf(report)],
    ["asked by", askedBy(report)],
    ["detail", oneLine(report.Detail)],
    ["cause", report.Cause],
    ["params", paramsOf(report.ExtraData)],
    ["output", `${readableSize(report.StdoutSize)}${report.StdoutSize < 1024 ? "" : ` (${report.StdoutSize} bytes)`}`],
    ["sha256", report.StdoutSha256],
    ["created", timeOf(report.CreatedAt, now)],
    ["started", timeOf(report.StartedAt, now)],
    ["finished", finishedAt(report, now)],
    ["reaped", report.Reaped ? `${report.Reaped} process(es) had to be killed` : undefined],
    ["left", report.LeftRunning ? `${report.LeftRunning} process(es) it started still ran when it ended` : undefined],
    ["stopping", report.Stopping],
    ["waiting", waitText(report)],
    ["because", report.Stalled && oneLine(report.Stalled)],
  ];
  return facts.flatMap(([name, value]) => (value ? [`${colours.faint(name.padEnd(9))} ${value}`] : []));
}

function endNote({ State, ExitCode, Signal, CoreDumped, Queued }: UnitReport): string {
  if (Queued && State === UnitState.Pending) return ", waiting for its turn";
  if (Signal !== undefined) return `, ended by ${Signal}${CoreDumped ? " (core dumped)" : ""}`;
  return ExitCode === undefined ? "" : `, exit code ${ExitCode}`;
}

/** Who ordered it through a server, and from where. */
function askedBy({ RequestedBy: by }: UnitReport): string | undefined {
  return by && oneLine(`${by.User}, as ${by.Level}${by.Source === undefined ? "" : `, from ${by.Source}`}`);
}

/** For which file of which watcher it was made. */
function fileOf({ Watch }: UnitReport): string | undefined {
  return Watch && oneLine(`${Watch.Watcher}: ${Watch.File}`);
}

function paramsOf(extra: unknown): string | undefined {
  const params = (extra as { Params?: unknown } | null | undefined)?.Params;
  return typeof params === "string" && params !== "" ? oneLine(params) : undefined;
}

function timeOf(time: string | undefined, now: number): string | undefined {
  if (!time) return undefined;
  const seconds = (now - Date.parse(time)) / 1000;
  return Number.isNaN(seconds) ? oneLine(time) : `${readableTime(time)} (${agoText(seconds)})`;
}

function agoText(seconds: number): string {
  return seconds < 1 ? "now" : `${readableAge(seconds)} ago`;
}

function finishedAt(report: UnitReport, now: number): string | undefined {
  const at = timeOf(report.FinishedAt, now);
  const seconds = runSeconds(report);
  return at && seconds !== undefined ? `${at}, ran ${readableDuration(seconds)}` : at;
}
