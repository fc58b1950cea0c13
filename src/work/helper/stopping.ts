import { systemClock, systemCode } from "#core";
import type { ProcessLaunch } from "../unit/process-record.ts";
import { isAlive, type ProcessEntry, processEntry } from "../unit/process-table.ts";
import { unitProcesses } from "../unit/process-tree.ts";

/** Once the command itself is gone, what it left behind is asked to go and gets this long. */
const leftoverGraceMs = 1_000;
/** A tree that forks faster than it can be killed is given up on after this, and the status says how many remain. */
const killLimitMs = 5_000;

/**
 * End every process of a unit: SIGINT to the command's group, the grace, then SIGKILL to the whole tree.
 *
 * What outlives the command (background jobs of a shell ignore SIGINT) gets SIGTERM and a second before SIGKILL.
 *
 * @param graceMs how long the command may take to end by itself after SIGINT.
 * @returns how many processes had to be killed.
 */
export async function stopProcesses(unitId: string, launch: ProcessLaunch, graceMs: number): Promise<number> {
  signalGroup(launch, "SIGINT");
  await until(() => !isAlive(launch.command), graceMs);
  if (!isAlive(launch.command)) {
    for (const entry of unitProcesses(unitId, launch)) signal(entry, "SIGTERM");
    await until(() => unitProcesses(unitId, launch).length === 0, leftoverGraceMs);
  }
  return killTree(unitId, launch);
}

/** SIGKILL until nothing is left; a process can fork between the look and the kill, so look again. */
export async function killTree(unitId: string, launch: ProcessLaunch): Promise<number> {
  const killed = new Set<number>();
  await until(() => {
    const left = unitProcesses(unitId, launch);
    for (const entry of left) {
      signal(entry, "SIGKILL");
      killed.add(entry.pid);
    }
    return left.length === 0;
  }, killLimitMs);
  return killed.size;
}

function signalGroup(launch: ProcessLaunch, name: NodeJS.Signals): void {
  if (!isAlive(launch.command)) return;
  try {
    process.kill(-launch.command.pid, name);
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error;
  }
}

function signal(entry: ProcessEntry, name: NodeJS.Signals): void {
  // Between the look and now the pid may have gone to somebody else.
  if (processEntry(entry.pid)?.startTicks !== entry.startTicks) return;
  try {
    process.kill(entry.pid, name);
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error;
  }
}

/** Look again and again, first often, until `done` or `limitMs` has passed on the monotonic clock. */
async function until(done: () => boolean, limitMs: number): Promise<void> {
  const end = systemClock.elapsed() + limitMs;
  for (let wait = 2; !done(); wait = Math.min(wait * 2, 100)) {
    const left = end - systemClock.elapsed();
    if (left <= 0) return;
    await systemClock.sleep(Math.min(wait, left));
  }
}
