import { type Ending, endingOf } from "../unit/ending.ts";
import type { OutputDigest } from "../unit/output.ts";
import type { ProcessRecord } from "../unit/process-record.ts";
import { ticksPerSecond } from "../unit/process-table.ts";
import { isFinal, type UnitCause, UnitState, type UnitStatus } from "../wire.ts";
import type { Minding } from "./wire.ts";

/** Everything that is known when a unit is over. */
export interface EndedUnit {
  /** The last status, with `Stopping` when Farhand was ending the unit. */
  readonly status: UnitStatus;
  readonly record: ProcessRecord | undefined;
  readonly minding: Minding;
  /** What a plugin runner wrote into the status file. */
  readonly written: UnitStatus | undefined;
  /** The last line of a tool's log; empty for anything else. */
  readonly said?: string;
  /** Length and hash of the output, or why the disk would not give them. */
  readonly output: OutputDigest | Error;
  /** Wall clock of the exit, milliseconds. */
  readonly finishedAt: number;
  /** Processes killed by us, and processes that still run. */
  readonly reaped: number;
  readonly leftRunning: number;
  /** Identity of the machine's current boot. */
  readonly bootId: string;
}

/** The final status of a unit. Pure: all evidence comes in, so every kind of ending can be tested. */
export function finalStatus(unit: EndedUnit): UnitStatus {
  const { Stopping, Queued, ...status } = unit.status;
  const ending = withWords(pluginEnding(unit) ?? recordedEnding(unit, Stopping ?? overLimit(unit)), unit.said);
  const runSeconds = runTime(unit.record);
  return {
    ...status,
    ...ending,
    ...storedOutput(unit.output, status.StdoutSize),
    ...(wasStarted(unit) && { StartedAt: status.StartedAt ?? startTime(unit, runSeconds ?? 0) }),
    FinishedAt: new Date(unit.finishedAt).toISOString(),
    ...(runSeconds !== undefined && { RunSeconds: runSeconds }),
    ...(unit.reaped > 0 && { Reaped: unit.reaped }),
    ...(unit.leftRunning > 0 && { LeftRunning: unit.leftRunning }),
  };
}

/** What a tool says of its end stands behind how it ended. That it was cancelled is said by then. */
function withWords(ending: Ending, said: string | undefined): Ending {
  const isSaid = ending.Cause === "CANCELED" && said?.startsWith("CANCELED: ");
  return said && !isSaid ? { ...ending, Detail: `${ending.Detail}: ${said}` } : ending;
}

function recordedEnding({ record, minding, bootId }: EndedUnit, stopping: UnitCause | undefined): Ending {
  if (record?.end) return endingOf(record.end, stopping, minding.command);
  if (stopping === "CANCELED") return { State: UnitState.Canceled, Detail: "Canceled", Cause: stopping };
  if (record?.launch && record.launch.command.bootId !== bootId) {
    return { State: UnitState.Failed, Detail: "the machine restarted while the unit ran", Cause: "HOST_RESTARTED" };
  }
  const Detail = "the command is gone, and so is the process that would have seen its exit";
  return { State: UnitState.Failed, Detail, Cause: "EXIT_UNKNOWN" };
}

/** A command can be over before anybody has looked at its output: the limit is one all the same. */
function overLimit({ minding, output }: EndedUnit): UnitCause | undefined {
  const { maxOutputBytes } = minding;
  const tooMuch = !(output instanceof Error) && maxOutputBytes !== undefined && output.bytes > maxOutputBytes;
  return tooMuch ? "OUTPUT_LIMIT" : undefined;
}

/**
 * A plugin runner that exited by itself has said how it went; its exit code says nothing, for it is 0 for a failed plugin
 * too. One that went without a final word (its threads can overwrite each other's) did not succeed.
 */
function pluginEnding({ record, minding, status, written }: EndedUnit): Ending | undefined {
  if (minding.runner !== "plugin" || status.Stopping) return undefined;
  if (record?.end?.kind !== "exit" || record.end.waitStatus !== 0) return undefined;
  if (written && isFinal(written.State)) {
    return { State: written.State, Detail: written.Detail, ExitCode: 0, Cause: "RUNNER_REPORTED" };
  }
  const Detail = `the plugin runner exited without saying how it went (last: ${written?.Detail ?? "nothing"})`;
  return { State: UnitState.Failed, Detail, ExitCode: 0, Cause: "RUNNER_REPORTED" };
}

/** Seconds by the boot clock, to the hundredth that `/proc` keeps. */
function runTime(record: ProcessRecord | undefined): number | undefined {
  if (!record?.end || !record.launch) return undefined;
  const seconds = record.end.uptime - record.launch.command.startTicks / ticksPerSecond;
  return Math.max(0, Math.round(seconds * 100) / 100);
}

/** Its launcher may have got no further than itself. */
function wasStarted({ record }: EndedUnit): boolean {
  return record?.launch !== undefined && record.end !== undefined && record.end.kind !== "failed";
}

/** A unit that was over before anybody saw it run has started all the same, and never before it was made. */
function startTime({ status, finishedAt }: EndedUnit, runSeconds: number): string {
  const createdAt = Date.parse(status.CreatedAt ?? "") || 0;
  return new Date(Math.max(createdAt, finishedAt - Math.round(runSeconds * 1000))).toISOString();
}

/** An ending whose output is not safe on disk is not a success, whatever the command returned. */
function storedOutput(output: OutputDigest | Error, lastSize: number): Partial<UnitStatus> {
  if (!(output instanceof Error)) return { StdoutSize: output.bytes, StdoutSha256: output.sha256 };
  return {
    State: UnitState.Failed,
    Detail: `the output could not be stored: ${output.message}`,
    Cause: "STORAGE_FAILED",
    StdoutSize: lastSize,
  };
}
