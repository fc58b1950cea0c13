import { readFileSync } from "node:fs";

/** Processor time that a process has used: fields 14 and 15 of its stat, in hundredths of a second. */
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Share of a core that a process uses while `work` goes on, percent. */
export async function cpuPercentWhile(pid, work) {
  const [start, at] = [cpuSeconds(pid), performance.now()];
  const result = await work();
  return { result, cpuPercent: ((cpuSeconds(pid) - start) / (performance.now() - at)) * 1e5 };
}
