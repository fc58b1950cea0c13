import { constants } from "node:os";
import { type Ending, endingOf } from "../unit/ending.ts";
import { signalNumber } from "../unit/signal-names.ts";
import { type LoopResult, type UnitCause, UnitState, type UnitStatus } from "../wire.ts";

/** The ending of a task by what its helper said. @param stopping why it was told to stop, if it was. */
export function resultEnding(result: LoopResult, stopping: UnitCause | undefined): Ending {
  if (!("Error" in result)) return endingOf(exitOf(result), reasonFor(result, stopping), "the command");
  if (stopping !== undefined && stopping !== "INTERRUPTED") return stoppedEnding(stopping, result.Error);
  return { State: UnitState.Failed, Detail: result.Error, Cause: "HELPER_REPORTED" };
}

/** Who came to its end in spite of the drain has not been interrupted. */
function reasonFor(result: LoopResult, stopping: UnitCause | undefined): UnitCause | undefined {
  return stopping === "INTERRUPTED" && "ExitCode" in result && result.ExitCode === 0 ? undefined : stopping;
}

function exitOf(result: Exclude<LoopResult, { Error: string }>) {
  // A signal this machine has no number for came from another kind of machine.
  const waitStatus =
    "ExitCode" in result ? result.ExitCode << 8 : (signalNumber(result.Signal) ?? constants.signals.SIGKILL);
  return { kind: "exit", uptime: 0, waitStatus, left: false } as const;
}

/** The ending of a task that was to stop, and whose exit nobody knows. */
export function stoppedEnding(stopping: UnitCause, how: string): Ending {
  if (stopping === "CANCELED") return { State: UnitState.Canceled, Detail: `Canceled (${how})`, Cause: stopping };
  const words: Partial<Record<UnitCause, string>> = {
    RUN_TIME_LIMIT: "run time limit reached",
    OUTPUT_LIMIT: "output limit reached",
    PROCESS_LIMIT: "process limit reached",
    MEMORY_LIMIT: "memory limit reached",
    CPU_LIMIT: "processor time limit reached",
    INTERRUPTED: "interrupted: the worker was drained",
  };
  return { State: UnitState.Failed, Detail: `${words[stopping] ?? "stopped"} (${how})`, Cause: stopping };
}

/** The ending of a task whose helper is gone and that is not tried again. */
export function lostEnding({ Stopping, Attempt = 0 }: UnitStatus, how: string, why: string): Ending {
  if (Stopping !== undefined) return stoppedEnding(Stopping, how);
  const Detail = `${how}, in attempt ${Attempt}, and it is not tried again: ${why}`;
  return { State: UnitState.Failed, Detail, Cause: "HELPER_LOST" };
}

/** The ending of a unit whose work type is another kind of type now. @param helper who had it, if somebody did. */
export function unservedEnding(workType: string, helper: string | undefined): Ending {
  const Detail = `work type ${workType} is no longer served by run loops`;
  if (helper === undefined) return { State: UnitState.Failed, Detail, Cause: "NOT_STARTED" };
  return { State: UnitState.Failed, Detail: `helper ${helper} had it, and ${Detail}`, Cause: "HELPER_LOST" };
}
