import { readFileSync } from "node:fs";
import { liveProcesses } from "./processes.ts";

/**
 * In the environment of every daemon of a place, and so of its helpers and commands, which outlive it. The daemon keeps
 * names that begin with FARHAND_ to itself.
 */
const name = "TEST_WORKER_PLACE";

/** What to add to the environment of a daemon, so that {@link endMarkedProcesses} finds all it ever started. */
export function processMark(place: string): Readonly<Record<string, string>> {
  return { [name]: place };
}

/** Ids of the processes that live and were started, directly or not, with the mark of this place. */
export function markedProcesses(place: string): number[] {
  return liveProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => isMarked(pid, place));
}

/** End every one of {@link markedProcesses}. */
export function endMarkedProcesses(place: string): void {
  for (const pid of markedProcesses(place)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

function isMarked(pid: number, place: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${name}=${place}`);
  } catch {
    // It ended by itself meanwhile, or is not ours.
    return false;
  }
}
