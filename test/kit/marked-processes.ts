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

/** End every process that was started, directly or not, with the mark of this place. */
export function endMarkedProcesses(place: string): void {
  for (const { pid } of liveProcesses()) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${name}=${place}`)) continue;
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself meanwhile, or is not ours.
    }
  }
}
