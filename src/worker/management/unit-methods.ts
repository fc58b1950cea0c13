import {
  maxDetailChars,
  maxUnitsPerPage,
  type Requester,
  type ServedMethod,
  serve,
  type UnitDetails,
  unitsCancel,
  unitsList,
  type UnitsPage,
  unitsRelease,
  unitsStatus,
  type UnitSummary,
  type UnitsWanted,
} from "#fleet";
import type { Units } from "#work";
import { stateName, type UnitReport } from "#work/wire";

type Unit = ReturnType<Units["get"]>;

/** A page is ended when it has so many characters of JSON: a message has 1 MiB at most (CAT-18). */
const maxPageChars = 600_000;

/** `units.list`, `units.status`, `units.cancel` and `units.release`. */
export function unitMethods(units: Pick<Units, "get" | "list" | "cancel" | "release">): ServedMethod[] {
  return [
    serve(unitsList, (wanted) => pageOf(units, wanted)),
    serve(unitsStatus, ({ unit }) => detailsOf(unit, units.get(unit).report())),
    serve(unitsCancel, async ({ unit }, { signal }) => {
      return { unit, pending: (await units.cancel(unit, signal)) === "pending" };
    }),
    serve(unitsRelease, async ({ unit, force = false }, { signal }) => {
      return { unit, pending: (await units.release(unit, { force, signal })) === "pending" };
    }),
  ];
}

/** What is told of a unit that has changed; of one that was released only that it is gone. */
export function unitNotice(unit: Unit, isGone: boolean): object {
  return isGone ? { id: unit.id, gone: true } : summaryOf(unit.id, unit.report());
}

function pageOf(
  units: Pick<Units, "list">,
  { state, workType, limit = maxUnitsPerPage, cursor }: UnitsWanted,
): UnitsPage {
  const found: Unit[] = [];
  // Nothing is reported yet: that would look at the output of each one that runs.
  units.list((unit) => {
    const { State, WorkType } = unit.status;
    const isWanted =
      (state === undefined || stateName(State).toLowerCase() === state) &&
      (workType === undefined || WorkType === workType) &&
      (cursor === undefined || placeOf(unit) < cursor);
    if (isWanted) found.push(unit);
    return false;
  });
  const newestFirst = found
    .map((unit) => ({ unit, place: placeOf(unit) }))
    .sort((a, b) => (a.place < b.place ? 1 : -1));
  return pageFrom(newestFirst, limit);
}

function pageFrom(sorted: readonly { readonly unit: Unit; readonly place: string }[], limit: number): UnitsPage {
  const page: UnitSummary[] = [];
  let chars = 0;
  for (const [at, { unit }] of sorted.entries()) {
    const summary = summaryOf(unit.id, unit.report());
    chars += JSON.stringify(summary).length;
    page.push(summary);
    const isFull = page.length >= limit || chars >= maxPageChars;
    const { place } = sorted[at] ?? { place: "" };
    if (isFull && at + 1 < sorted.length) return { units: page, next: place };
  }
  return { units: page };
}

/** Where a unit stands in the list, as text that sorts: it stays although others come and go. */
function placeOf({ id, status }: Unit): string {
  const createdAtMs = Date.parse(status.CreatedAt ?? "") || 0;
  return `${String(createdAtMs).padStart(15, "0")}.${id}`;
}

function summaryOf(id: string, report: UnitReport): UnitSummary {
  const { State, StateName, Detail, WorkType, StdoutSize, CreatedAt, StartedAt, FinishedAt, Watch } = report;
  return {
    ...{ id, state: State, stateName: StateName, detail: Detail.slice(0, maxDetailChars) },
    ...{ workType: WorkType.slice(0, maxDetailChars), stdoutSize: StdoutSize },
    ...timeOf("createdAt", CreatedAt),
    ...timeOf("startedAt", StartedAt),
    ...timeOf("endedAt", FinishedAt),
    ...requesterOf(report),
    ...(Watch && { watcher: Watch.Watcher.slice(0, 64), file: Watch.File.slice(0, 4_096) }),
  };
}

/** A unit with how it ended, as the methods tell it. */
export function detailsOf(id: string, report: UnitReport): UnitDetails {
  const { Cause, ExitCode, Signal, StdoutSha256 } = report;
  return {
    ...summaryOf(id, report),
    ...(Cause !== undefined && { cause: Cause }),
    ...(ExitCode !== undefined && { exitCode: ExitCode }),
    ...(Signal !== undefined && { signal: Signal }),
    ...(StdoutSha256 !== undefined && { sha256: StdoutSha256 }),
  };
}

function requesterOf({ RequestedBy: by }: UnitReport): Pick<UnitSummary, "requestedBy"> {
  if (!by) return {};
  const { User, Level, Session, Source, Request } = by;
  const requestedBy: Requester = {
    ...{ user: User.slice(0, 300), level: Level.slice(0, 16) },
    ...(Session !== undefined && { session: Session.slice(0, 128) }),
    ...(Source !== undefined && { source: Source.slice(0, 128) }),
    ...(Request !== undefined && { request: Request.slice(0, 64) }),
  };
  return { requestedBy };
}

function timeOf<K extends string>(name: K, text: string | undefined): { readonly [N in K]?: number } {
  const ms = Date.parse(text ?? "");
  return (Number.isSafeInteger(ms) && ms >= 0 ? { [name]: ms } : {}) as { readonly [N in K]?: number };
}
