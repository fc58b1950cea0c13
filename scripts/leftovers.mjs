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
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const cwd = readlinkSync(`/proc/${name}/cwd`);
        const isMarked =
          readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(marker) ||
          `${cwd}/`.startsWith(`${folder}/`);
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        const [parent, start] = [Number(statFields(name)[1]), Number(statFields(name)[19])];
        return [{ pid: Number(name), parent, command, cwd, age: Math.round(uptime() - start / 100), isMarked }];
      } catch {
        // Gone, a zombie, or not ours to look at.
        return [];
      }
    });
  // What they started, too: a helper hands its marker on to no command.
  const ours = new Set(all.filter(({ isMarked }) => isMarked).map(({ pid }) => pid));
  for (let known = -1; known < ours.size; ) {
    known = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  return all.filter(({ pid }) => ours.has(pid));
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

/** Behind the name: state, parent, … the start in hundredths of a second since the system's, at 19 (proc(5)). */
function statFields(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
