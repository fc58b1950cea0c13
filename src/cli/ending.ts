import { constants } from "node:os";
import { type UnitReport, UnitState } from "#work/wire";
import { type CliErrorCode, cliErrors } from "./errors.ts";
import { readableDuration, readableSize } from "./quantities.ts";

/** How a unit ended, as far as an exit code can say it. */
export interface Ending {
  readonly exit: number;
  /** Set when the unit has no exit code of its own to give. */
  readonly code?: CliErrorCode;
}

/** Limits of a work type, by the cause that names them. */
const limits: Readonly<Record<string, string>> = {
  ...{ RUN_TIME_LIMIT: "run-time", OUTPUT_LIMIT: "output", PROCESS_LIMIT: "process", MEMORY_LIMIT: "memory" },
  CPU_LIMIT: "processor-time",
};

/**
 * The exit code of `-f` for a unit that is final: its own where it has one, 128 + n when signal n ended it.
 *
 * Daemons that only write `Detail` are understood by its words, `exit status 3` and `signal: killed`.
 */
export function endingOf(report: UnitReport): Ending {
  if (report.State === UnitState.Canceled || report.Cause === "CANCELED") return coded("UNIT_CANCELED");
  if (report.Cause !== undefined && Object.hasOwn(limits, report.Cause)) return coded("UNIT_LIMITED");
  const exitCode = report.ExitCode ?? exitCodeIn(report.Detail);
  const signal = signalNumber(report.Signal ?? signalIn(report.Detail));
  if (report.State === UnitState.Succeeded) return { exit: exitCode ?? 0 };
  // A command that exits with 0 and yet failed must not look like success.
  if (exitCode !== undefined && exitCode !== 0) return { exit: exitCode };
  return signal === undefined ? coded("UNIT_FAILED") : { exit: 128 + signal };
}

function coded(code: CliErrorCode): Ending {
  return { exit: cliErrors[code].exit, code };
}

function exitCodeIn(detail: string): number | undefined {
  const digits = /^exit status (\d{1,3})$/.exec(detail)?.[1];
  return digits === undefined ? undefined : Number(digits) & 0xff;
}

/** Go's words for the signals that commonly end a command. */
const signalWords: Readonly<Record<string, string>> = {
  hangup: "SIGHUP",
  interrupt: "SIGINT",
  quit: "SIGQUIT",
  aborted: "SIGABRT",
  killed: "SIGKILL",
  "segmentation fault": "SIGSEGV",
  "broken pipe": "SIGPIPE",
  terminated: "SIGTERM",
};

function signalIn(detail: string): string | undefined {
  return signalWords[/^signal: ([a-z ]+?)(?: \(core dumped\))?$/.exec(detail)?.[1] ?? ""];
}

function signalNumber(name: string | undefined): number | undefined {
  return name === undefined ? undefined : constants.signals[name as NodeJS.Signals];
}

/** One line for people about a unit that is final: `succeeded with exit code 0: 30 B of output in 5.0 s`. */
export function endingText(report: UnitReport): string {
  const seconds = runSeconds(report);
  const output = `${readableSize(report.StdoutSize)} of output`;
  return `${howItEnded(report)}: ${output}${seconds === undefined ? "" : ` in ${readableDuration(seconds)}`}`;
}

function howItEnded(report: UnitReport): string {
  if (report.State === UnitState.Canceled) return "was cancelled";
  const word = report.State === UnitState.Succeeded ? "succeeded" : "failed";
  // Before the signal: that is only how the limit was enforced.
  const limit = limits[report.Cause ?? ""];
  if (limit !== undefined) return `${word} at the ${limit} limit of its work type`;
  if (report.Signal !== undefined) return `${word}, ended by ${report.Signal}`;
  if (report.Cause === "EXITED" && report.ExitCode !== undefined) return `${word} with exit code ${report.ExitCode}`;
  return `${word} (${report.Detail})`;
}

/** Seconds the command ran, by the boot clock where the report has it. */
export function runSeconds({ RunSeconds, StartedAt, FinishedAt }: UnitReport): number | undefined {
  if (RunSeconds !== undefined) return RunSeconds;
  const ms = Date.parse(FinishedAt ?? "") - Date.parse(StartedAt ?? "");
  return Number.isNaN(ms) ? undefined : Math.max(0, ms / 1000);
}
