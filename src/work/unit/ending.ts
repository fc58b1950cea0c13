import { constants } from "node:os";
import { UnitState, type UnitCause, type UnitStatus } from "../wire.ts";
import type { ProcessEnd } from "./process-record.ts";
import { signalName } from "./signal-names.ts";

/** What a status says about an ending; sizes, hashes and times come from elsewhere. */
export type Ending = Pick<UnitStatus, "State" | "Detail" | "ExitCode" | "Signal" | "CoreDumped"> & { Cause: UnitCause };

/**
 * The ending of a unit whose command was reaped or could not be started.
 *
 * @param stopping why Farhand was ending the unit when it ended, if it was.
 * @param command the program's name, for the text of a failed start.
 */
export function endingOf(end: ProcessEnd, stopping: UnitCause | undefined, command: string): Ending {
  if (end.kind === "failed") return startFailure(end.errno, end.stage, command);
  return withReason(exitEnding(end.waitStatus), stopping);
}

/** Split a wait status as `waitpid(2)` gives it; texts as Receptor writes them (spec §2.4). */
function exitEnding(waitStatus: number): Ending {
  const signal = waitStatus & 0x7f;
  if (signal === 0) {
    const code = (waitStatus >> 8) & 0xff;
    const State = code === 0 ? UnitState.Succeeded : UnitState.Failed;
    return { State, Detail: `exit status ${code}`, ExitCode: code, Cause: "EXITED" };
  }
  const core = (waitStatus & 0x80) !== 0;
  const Detail = `signal: ${signalText(signal)}${core ? " (core dumped)" : ""}`;
  const Signal = signalName(signal);
  return { State: UnitState.Failed, Detail, Signal, Cause: "SIGNALED", ...(core && { CoreDumped: true }) };
}

const limitTexts = {
  ...{ RUN_TIME_LIMIT: "run time", OUTPUT_LIMIT: "output", PROCESS_LIMIT: "process", MEMORY_LIMIT: "memory" },
  CPU_LIMIT: "processor time",
} as const;

/** An ending Farhand brought about keeps the exit, but its state and cause are ours. */
function withReason(ending: Ending, stopping: UnitCause | undefined): Ending {
  switch (stopping) {
    case undefined:
      return ending;
    case "CANCELED":
      return { ...ending, State: UnitState.Canceled, Detail: "Canceled", Cause: "CANCELED" };
    case "RUN_TIME_LIMIT":
    case "OUTPUT_LIMIT":
    case "PROCESS_LIMIT":
    case "MEMORY_LIMIT":
    case "CPU_LIMIT": {
      const Detail = `${limitTexts[stopping]} limit reached (${ending.Detail})`;
      return { ...ending, State: UnitState.Failed, Detail, Cause: stopping };
    }
    case "INTERRUPTED":
      return { ...ending, Detail: `interrupted: the worker was drained (${ending.Detail})`, Cause: stopping };
    default:
      return { ...ending, Cause: stopping };
  }
}

function startFailure(errno: number, stage: string, command: string): Ending {
  return {
    State: UnitState.Failed,
    Detail: startFailureText(errno, stage, command),
    Cause: stage === "record" || stage === "output" ? "STORAGE_FAILED" : "START_FAILED",
  };
}

function startFailureText(errno: number, stage: string, command: string): string {
  const reason = systemErrorText(errno);
  if (stage === "launcher")
    return "commands cannot be started here: is perl installed? See helpers.log in the data folder";
  if (stage === "cwd") return `the working folder of the work type cannot be entered: ${reason}`;
  if (stage === "user") return `the user of the work type cannot be taken on: ${reason}`;
  if (stage !== "exec") return `the unit's ${stage} file cannot be opened: ${reason}`;
  if (command.includes("/")) return `fork/exec ${command}: ${reason}`;
  if (errno === constants.errno.ENOENT) return `exec: "${command}": executable file not found in $PATH`;
  return `exec: "${command}": ${reason}`;
}

const systemErrors: Record<number, string> = {
  [constants.errno.ENOENT]: "no such file or directory",
  [constants.errno.EACCES]: "permission denied",
  [constants.errno.EPERM]: "operation not permitted",
  [constants.errno.ENOEXEC]: "exec format error",
  [constants.errno.ENOTDIR]: "not a directory",
  [constants.errno.ENOMEM]: "cannot allocate memory",
  [constants.errno.EAGAIN]: "resource temporarily unavailable",
  [constants.errno.ENOSPC]: "no space left on device",
  [constants.errno.EROFS]: "read-only file system",
  [constants.errno.E2BIG]: "argument list too long",
  [constants.errno.EMFILE]: "too many open files",
};

function systemErrorText(errno: number): string {
  return systemErrors[errno] ?? `errno ${errno}`;
}

/** Go's words for signals, which existing clients show and match. */
const signalTexts: Record<string, string> = {
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGQUIT: "quit",
  SIGILL: "illegal instruction",
  SIGTRAP: "trace/breakpoint trap",
  SIGABRT: "aborted",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGKILL: "killed",
  SIGUSR1: "user defined signal 1",
  SIGSEGV: "segmentation fault",
  SIGUSR2: "user defined signal 2",
  SIGPIPE: "broken pipe",
  SIGALRM: "alarm clock",
  SIGTERM: "terminated",
};

function signalText(signal: number): string {
  return signalTexts[signalName(signal)] ?? `signal ${signal}`;
}
