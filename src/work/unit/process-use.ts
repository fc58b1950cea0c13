import { readFileSync } from "node:fs";
import { type ProcessEntry, ticksPerSecond } from "./process-table.ts";

/** What processes use together. */
export interface ProcessUse {
  readonly processes: number;
  /** Memory that is in use now, in bytes: what several share counts once. */
  readonly memoryBytes: number;
  /** Processor time so far, in milliseconds, with that of their children that are gone. */
  readonly cpuMs: number;
}

/**
 * What the processes of a unit use.
 *
 * @param reaper its pid: it has taken over the time of the orphans that ended. Its own is next to nothing.
 * @param enoughBytes shares are looked at only when the sum without them is more: that costs as much as the memory is large.
 */
export function processUse(entries: readonly ProcessEntry[], reaper: number, enoughBytes: number): ProcessUse {
  const pids = entries.map(({ pid }) => pid);
  const resident = sum(pids.map(residentBytes));
  return {
    processes: pids.length,
    memoryBytes: resident > enoughBytes ? sum(pids.map(proportionalBytes)) : resident,
    cpuMs: (sum([reaper, ...pids].map(cpuTicks)) / ticksPerSecond) * 1000,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** 0 for a process that is gone. */
function residentBytes(pid: number): number {
  return kilobytes(pid, "status", "VmRSS") ?? 0;
}

/** Pages that n processes share count as one n-th for each. Where that may not be seen, all it has counts. */
function proportionalBytes(pid: number): number {
  return kilobytes(pid, "smaps_rollup", "Pss") ?? residentBytes(pid);
}

function kilobytes(pid: number, file: string, field: string): number | undefined {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(read(pid, file));
  return found ? Number(found[1]) * 1024 : undefined;
}

/** User and system time, of itself and of the children it has waited for (fields 14 to 17 of proc(5)). */
function cpuTicks(pid: number): number {
  const stat = read(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return sum(fields.slice(11, 15).map(Number));
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
