import { systemClock, systemCode } from "#core";
import type { ProcessLaunch } from "../unit/process-record.ts";
import { ignoresInterrupt, isAlive, type ProcessEntry, processEntry } from "../unit/process-table.ts";
import { unitProcesses } from "../unit/process-tree.ts";

/** A tree that forks faster than it can be killed is given up on after this, and the status says how many remain. */
const killLimitMs = 5_000;

/**
 * End every process of a unit: SIGINT, the grace, then SIGKILL to the whole tree.
 *
 * SIGINT goes to the command's process group at once, as a terminal would send it. When the command is gone, what it left
 * outside that group, or deaf to SIGINT (as the background jobs of a shell are), gets SIGTERM. All of them have the rest
 * of the one grace.
 *
 * @param graceMs how long all of them may take to end by themselves.
 * @returns how many processes had to be killed.
 */
export async function stopProcesses(unitId: string, launch: ProcessLaunch, graceMs: number): Promise<number> {
  const end = systemClock.elapsed() + graceMs;
  signalGroup(launch, "SIGINT");
  await until(() => !isAlive(launch.command), graceMs);
  if (!isAlive(launch.command)) {
    for (const entry of unitProcesses(unitId, launch)) if (!gotInterrupt(entry, launch)) signal(entry, "SIGTERM");
    await until(() => unitProcesses(unitId, launch).length === 0, end - systemClock.elapsed());
  }
  return killTree(unitId, launch);
}

function gotInterrupt({ pid, group }: ProcessEntry, launch: ProcessLaunch): boolean {
  return group === launch.command.pid && !ignoresInterrupt(pid);
}

/** SIGKILL until nothing is left; a process can fork between the look and the kill, so look again. */
export async function killTree(unitId: string, launch: ProcessLaunch): Promise<number> {
  const killed = new Set<number>();
  await until(() => {
    const left = unitProcesses(unitId, launch);
    // All of the command's group in one go, with none between two looks: so a tree that forks as fast as it can ends too.
    if (left.some(({ group }) => group === launch.command.pid)) killGroup(launch.command.pid);
    for (const entry of left) {
      signal(entry, "SIGKILL");
      killed.add(entry.pid);
    }
    return left.length === 0;
  }, killLimitMs);
  return killed.size;
}

/** The group has members of the unit, so its number is nobody else's. */
function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error;
  }
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
