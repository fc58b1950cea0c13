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
  return {
    processes: pids.length,
    memoryBytes: memoryOf(pids, enoughBytes),
    cpuMs: (sum([reaper, ...pids].map((pid) => ticksIn(read(pid, "stat")))) / ticksPerSecond) * 1000,
  };
}

/** Bytes that processes have in memory together. @param enoughBytes see {@link processUse}. */
export function memoryOf(pids: readonly number[], enoughBytes: number): number {
  const resident = sum(pids.map(residentBytes));
  return resident > enoughBytes ? sum(pids.map(proportionalBytes)) : resident;
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

/** User and system time by `/proc/PID/stat`, of itself and of the children it has waited for (fields 14 to 17 of proc(5)). */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return sum(fields.slice(11, 15).map(Number));
}

let pageBytes: number | undefined;

/** Memory of a process by `/proc/PID/stat` (field 24 of proc(5)), bytes. May be behind the truth by some pages. */
export function residentIn(stat: string): number {
  pageBytes ??= kilobytes(process.pid, "smaps", "KernelPageSize") ?? 4_096;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[21]) * pageBytes;
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
