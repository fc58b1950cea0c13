import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { uptime } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * End every process that a test run left behind, and say which they were. A process belongs to the run when its
 * environment carries the run's marker, or when it stands in the run's folder (commands may start with an empty
 * environment). Helpers outlive their daemon by design, for ten seconds when they have no unit: given so much grace they are
 * gone by themselves, and what is left then, somebody has forgotten. An interrupted run waits for nothing.
 */
export async function endLeftovers(marker, folder, graceMs = 0) {
  const ended = new Map();
  for (const until = Date.now() + graceMs; Date.now() < until && processesOf(marker, folder).length > 0; )
    await sleep(200);
  // Again until none is left: a process that forks while we look is seen the next time.
  for (let round = 0; round < 20; round++) {
    const left = processesOf(marker, folder);
    if (left.length === 0) break;
    for (const { pid, command, cwd, age } of left) {
      ended.set(pid, `${pid} ${command}, in ${cwd}, begun ${age} s ago${openFiles(pid, folder)}`);
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await sleep(100);
  }
  return [...ended.values()];
}

function processesOf(marker, folder) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const cwd = readlinkSync(`/proc/${name}/cwd`);
        const ours =
          readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(marker) ||
          `${cwd}/`.startsWith(`${folder}/`);
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return ours ? [{ pid: Number(name), command, cwd, age: ageOf(name) }] : [];
      } catch {
        // Gone, a zombie, or not ours to look at.
        return [];
      }
    });
}

/** Which files of the run's folder it holds open: by them the test that forgot it is found. */
function openFiles(pid, folder) {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    const held = [...new Set(links)].filter((link) => link.startsWith(`${folder}/`)).slice(0, 3);
    return held.length === 0 ? "" : `, holds ${held.join(", ")}`;
  } catch {
    return "";
  }
}

/** Whole seconds since it was started: field 22 of its stat, in hundredths since the system's start (proc(5)). */
function ageOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Math.round(uptime() - Number(fields[19]) / 100);
}
