import { readFileSync } from "node:fs";
import { systemClock, systemCode } from "#core";
import type { ProcessIdentity } from "../unit/process-record.ts";
import { allProcesses, isAlive, processEntry, type ProcessEntry } from "../unit/process-table.ts";

/** What marks a helper and all it starts; it is a name and no secret. */
export const helperMark = "FARHAND_HELPER_ID";
/** What forks faster than it can be killed is given up on after this. */
const killLimitMs = 5_000;

/** Send a signal to a helper's process group, if it still is that process. */
export function signalHelper(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (isAlive(identity)) send(-identity.pid, name);
}

/**
 * SIGKILL all that a helper has left behind, until nothing is left.
 *
 * @returns false when something would not die.
 */
export async function killLeftBy(id: string): Promise<boolean> {
  const end = systemClock.elapsed() + killLimitMs;
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 100)) {
    const left = markedProcesses(id);
    for (const entry of left) kill(entry);
    if (left.length === 0) return true;
    if (systemClock.elapsed() > end) return false;
    await systemClock.sleep(waitMs);
  }
}

/** A helper and all it has started, as far as that still says so in its environment. */
export function markedProcesses(id: string): ProcessEntry[] {
  return allProcesses().filter(({ pid }) => markOf(pid) === id);
}

function kill({ pid, startTicks }: ProcessEntry): void {
  // Between the look and now the pid may have gone to somebody else.
  if (processEntry(pid)?.startTicks === startTicks) send(pid, "SIGKILL");
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error;
  }
}

/** Id of the helper that a process says it was started by; undefined for others, and where that may not be seen. */
export function markOf(pid: number): string | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return environment.find((text) => text.startsWith(`${helperMark}=`))?.slice(helperMark.length + 1);
  } catch {
    return undefined;
  }
}
