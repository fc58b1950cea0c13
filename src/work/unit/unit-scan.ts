import { lstatSync, readdirSync, renameSync } from "node:fs";
import { errorText, systemCode } from "#core";
import { UnitState, type UnitStatus } from "../wire.ts";
import { isUnitId } from "./unit-id.ts";
import { readStatus } from "./status-file.ts";
import type { UnitFolder } from "./unit-folder.ts";

/**
 * Folders in a node's folder that can be units. Anything else there is not ours to touch, a link least of all: what it
 * leads to is somebody else's.
 */
export function unitIdsIn(unitsDir: string): string[] {
  const entries = readdirSync(unitsDir, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && isUnitId(entry.name)).map(({ name }) => name);
}

/** Is there now a folder, and no link to one, of this id? */
export function isUnitFolder({ dir }: UnitFolder): boolean {
  return lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * The status of a unit on disk. One that cannot be read becomes a unit that says so: it must not spoil the list, and its
 * user must be able to see and release it.
 *
 * @param now wall clock, for the ending of a damaged unit.
 */
export function loadStatus(folder: UnitFolder, now: number): { status: UnitStatus; damaged: boolean } {
  try {
    return { status: readStatus(folder), damaged: false };
  } catch (error) {
    return { status: damagedStatus(error, now), damaged: true };
  }
}

function damagedStatus(error: unknown, now: number): UnitStatus {
  const unreadable = systemCode(error) !== undefined && systemCode(error) !== "ENOENT";
  return {
    State: UnitState.Failed,
    Detail: `Failed to restart: ${errorText(error)}`,
    StdoutSize: 0,
    WorkType: "unknown",
    ExtraData: null,
    Cause: unreadable ? "STORAGE_FAILED" : "STATUS_CORRUPT",
    FinishedAt: new Date(now).toISOString(),
  };
}

/** Keep a damaged status for whoever wants to know, out of the way of the new one. */
export function setDamagedAside(folder: UnitFolder): void {
  try {
    renameSync(folder.status, `${folder.status}.damaged`);
  } catch {
    // It is missing altogether, or the folder cannot be written: there is nothing to keep.
  }
}
