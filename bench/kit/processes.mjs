import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that nobody can take for another: its pid may be given again, its start time with it may not. */
function look(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold spaces and brackets itself, so fields are counted from the last one.
    const [state, ppid, , , , , , , , , , , , , , , , , , startTime] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, ppid: Number(ppid), startTime, state, command };
  } catch {
    return undefined;
  }
}

/** A process and everything below it, itself first. `command` is its title where it has set one. */
export function processTree(...pids) {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => look(Number(name)) ?? [])
    .filter(({ state }) => state !== "Z" && state !== "X");
  const found = all.filter(({ pid }) => pids.includes(pid));
  for (const parent of found) found.push(...all.filter(({ ppid, pid }) => ppid === parent.pid && !pids.includes(pid)));
  return found;
}

/** Those of them that still run. */
export function stillAlive(processes) {
  return processes.filter(({ pid, startTime }) => {
    const now = look(pid);
    return now?.startTime === startTime && now.state !== "Z" && now.state !== "X";
  });
}

/** End these processes and all they have started meanwhile, after they had `graceMs` to leave by themselves. */
export async function endProcesses(processes, graceMs = 0) {
  for (const until = performance.now() + graceMs; performance.now() < until; await sleep(20)) {
    if (stillAlive(processes).length === 0) return;
  }
  killProcesses(processes);
  while (stillAlive(processes).length > 0) await sleep(5);
}

/** SIGKILL to these processes and to what is below them now. */
export function killProcesses(processes) {
  const alive = stillAlive(processes);
  for (const { pid } of alive.length > 0 ? processTree(...alive.map(({ pid }) => pid)) : []) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }
}

/**
 * Memory of these processes together in MB (10^6 bytes). PSS counts a page that n processes share as 1/n of it for each;
 * RSS counts it n times.
 */
export function memoryOf(processes) {
  const sum = { pss: 0, rss: 0 };
  for (const { pid } of processes) {
    const text = rollup(pid);
    sum.pss += field(text, "Pss");
    sum.rss += field(text, "Rss");
  }
  return sum;
}

function rollup(pid) {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  } catch {
    return "";
  }
}

function field(text, name) {
  return (Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024) / 1e6;
}
