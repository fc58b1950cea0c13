/**
 * How long a line takes from the command that writes it to the one who follows `work results`. The command prints the
 * time at which it writes; its clock and ours are the same.
 *
 * Floor: the file is watched and read by the process that wants it, with nothing in between.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readSync, watch } from "node:fs";
import { join } from "node:path";
import { readResults, submitUnit } from "./kit/control.mjs";
import { percentile } from "./kit/figures.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startSubject, subjects } from "./kit/subject.mjs";

const rounds = 3;
const lines = scaled(200, 20);
const everyMs = 20;
const script = join(import.meta.dirname, "load", "ticking.mjs");

await onStage(async (folder) => {
  const daemons = [];
  const ticking = [process.execPath, `"${script}" ${lines} ${everyMs}`];
  for (const subject of subjects) daemons.push(await startSubject(folder, subject, { ticking }));
  const sides = { floor: () => watched(join(folder, "watched")) };
  for (const { name, socket } of daemons) sides[name] = () => followed(socket);
  const measured = await inRounds(rounds, sides);
  for (const daemon of daemons) await daemon.stop();

  const at = (p) =>
    Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, percentile(all.flat(), p)]));
  const [p50, p99] = [at(50), at(99)];
  printReport(`written → seen by the follower, ${rounds * lines} lines ${everyMs} ms apart`, [
    { name: "p50", unit: "ms", ...p50, goal: { text: "≤ 2 ms", met: p50.farhand <= 2 } },
    { name: "p99", unit: "ms", ...p99 },
  ]);
});

async function followed(socket) {
  const delays = openDelays();
  await readResults(socket, await submitUnit(socket, "ticking"), delays.hear);
  return delays.all();
}

async function watched(path) {
  const delays = openDelays();
  const fd = openSync(path, "w+", 0o600);
  const buffer = Buffer.allocUnsafe(65_536);
  let at = 0;
  const read = () => {
    for (let count = 1; count > 0; at += count) {
      count = readSync(fd, buffer, 0, buffer.length, at);
      if (count > 0) delays.hear(buffer.subarray(0, count));
    }
  };
  const watcher = watch(path, read);
  const child = spawn(process.execPath, [script, String(lines), String(everyMs)], { stdio: ["ignore", fd, fd] });
  await once(child, "exit");
  read();
  watcher.close();
  closeSync(fd);
  return delays.all();
}

/** Milliseconds between each line's own time and its coming in. */
function openDelays() {
  const delays = [];
  let rest = "";
  const hear = (chunk) => {
    const now = process.hrtime.bigint();
    const texts = (rest + chunk.toString()).split("\n");
    rest = texts.pop();
    for (const text of texts) delays.push(Number(now - BigInt(text)) / 1e6);
  };
  const all = () => {
    if (delays.length !== lines) throw new Error(`${delays.length} lines came instead of ${lines}`);
    return delays;
  };
  return { hear, all };
}
