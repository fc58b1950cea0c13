import { killTree } from "./helper/stopping.ts";
import { type ProcessLaunch, readRecord } from "./unit/process-record.ts";
import { bootId } from "./unit/process-table.ts";
import { unitProcesses } from "./unit/process-tree.ts";
import type { Unit } from "./unit/unit.ts";

/** Does anything still run that the command of a finished unit had started? */
export function hasLeftovers(unit: Unit): boolean {
  const launch = launchInThisBoot(unit);
  return launch !== undefined && unitProcesses(unit.id, launch).length > 0;
}

/** End what a unit left running. @returns false when something would not die. */
export async function endLeftovers(unit: Unit): Promise<boolean> {
  const launch = launchInThisBoot(unit);
  if (launch && hasLeftovers(unit)) await killTree(unit.id, launch);
  return !hasLeftovers(unit);
}

function launchInThisBoot(unit: Unit): ProcessLaunch | undefined {
  try {
    const launch = readRecord(unit.folder.process)?.launch;
    return launch?.reaper.bootId === bootId() ? launch : undefined;
  } catch {
    return undefined;
  }
}
