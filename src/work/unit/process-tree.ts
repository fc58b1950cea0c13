import { readdirSync, readFileSync } from "node:fs";
import type { ProcessIdentity, ProcessLaunch } from "./process-record.ts";
import { allProcesses, isAlive, processEntry, type ProcessEntry } from "./process-table.ts";

const reaperMark = "FARHAND_UNIT_REAPER=";

/**
 * Every process that belongs to a unit, the reaper left out.
 *
 * While the reaper lives it is the subreaper, so descent from it is the whole truth. Once it was killed, its orphans went
 * to init; then the unit's session and the unit's mark in the environment find them.
 */
export function unitProcesses(unitId: string, launch: ProcessLaunch): ProcessEntry[] {
  if (isAlive(launch.reaper)) return descendants(launch.reaper.pid);
  const notOlder = launch.command.startTicks;
  // While a session has members its number is nobody's pid: a later process with the reaper's pid leads another one.
  const leader = processEntry(launch.reaper.pid);
  const session = leader && leader.startTicks !== launch.reaper.startTicks ? undefined : launch.reaper.pid;
  return allProcesses().filter(
    (entry) =>
      entry.startTicks >= notOlder && (entry.session === session || carriesMark(entry.pid, unitId, launch.reaper)),
  );
}

/** All that a process has started and that lives, and what that has started. */
export function descendants(root: number): ProcessEntry[] {
  const children = childrenOf(root) ?? [];
  return children.flatMap((child) => [child, ...descendants(child.pid)]).filter((entry) => !entry.zombie);
}

/** Children by the kernel's own lists, one for each thread; a full scan where the kernel does not keep them. */
function childrenOf(pid: number): ProcessEntry[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").split(" "))
      .filter((text) => text !== "")
      .map((text) => processEntry(Number(text)))
      .filter((entry): entry is ProcessEntry => entry !== undefined);
  } catch {
    return processEntry(pid) && allProcesses().filter((entry) => entry.parent === pid);
  }
}

/** The id alone is no proof: a unit of another worker on this machine may have the same one. */
function carriesMark(pid: number, unitId: string, reaper: ProcessIdentity): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    const mark = environment.find((text) => text.startsWith(reaperMark));
    // Units of before this version have none.
    const isOurs = mark === undefined || mark === `${reaperMark}${reaper.pid}-${reaper.startTicks}`;
    return isOurs && environment.includes(`FARHAND_UNIT_ID=${unitId}`);
  } catch {
    return false;
  }
}
