import { stateName, type UnitCause, unitCauses, type UnitReport } from "#work/wire";
import { numberOf, objectIn, type Shape, stringOf, textIn } from "./shapes.ts";
import { CliError } from "../errors.ts";

/** A unit as the API tells of it, in the words of `work list`, so that both are shown and end alike. */
export function unitReport(answer: unknown): { readonly id: string; readonly report: UnitReport } {
  const unit = objectIn(answer);
  const state = numberOf(unit["state"]);
  if (state === undefined) throw new CliError("ANSWER_INVALID", "the server tells of a unit without its state");
  const report: UnitReport = {
    State: state,
    StateName: stateName(state),
    Detail: stringOf(unit["detail"]) ?? "",
    StdoutSize: numberOf(unit["stdoutSize"]) ?? 0,
    WorkType: stringOf(unit["workType"]) ?? "",
    ExtraData: null,
    ...given("ExitCode", numberOf(unit["exitCode"])),
    ...given("Signal", stringOf(unit["signal"])),
    ...given("Cause", causeOf(unit["cause"])),
    ...given("StdoutSha256", stringOf(unit["sha256"])),
    ...given("CreatedAt", timeOf(unit, "createdAt") ?? timeOf(unit, "startedAt")),
    ...given("StartedAt", timeOf(unit, "startedAt")),
    ...given("FinishedAt", timeOf(unit, "endedAt")),
    ...given("RunSeconds", numberOf(unit["runSeconds"])),
    ...given("Watch", watchOf(unit)),
    ...given("RequestedBy", requesterOf(unit["requestedBy"])),
  };
  return { id: textIn(unit, "id"), report };
}

function given<K extends keyof UnitReport>(name: K, value: UnitReport[K] | undefined): Partial<Pick<UnitReport, K>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Pick<UnitReport, K>>;
}

function requesterOf(value: unknown): UnitReport["RequestedBy"] {
  if (typeof value !== "object" || value === null) return undefined;
  const { user, level, source } = value as Shape;
  return {
    ...{ User: stringOf(user) ?? "somebody", Level: stringOf(level) ?? "" },
    ...(typeof source === "string" && { Source: source }),
  };
}

function watchOf({ watcher, file }: Shape): UnitReport["Watch"] {
  if (typeof watcher !== "string" || typeof file !== "string") return undefined;
  return { Watcher: watcher, Folder: "", File: file, Version: "" };
}

function causeOf(value: unknown): UnitCause | undefined {
  return typeof value === "string" && Object.hasOwn(unitCauses, value) ? (value as UnitCause) : undefined;
}

/** RFC 3339, of milliseconds since 1970 or of a text that is one. */
function timeOf(unit: Shape, field: string): string | undefined {
  const value = unit[field];
  if (typeof value === "string") return value;
  const ms = numberOf(value);
  return ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString();
}
