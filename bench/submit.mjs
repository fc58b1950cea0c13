/**
 * How long a user waits until his unit has started: from the request line to "Job Started", over a connection that
 * stands, one unit after another on a daemon that does nothing else.
 *
 * Floor: `child_process.spawn` of the same command with its output into a file, up to the `spawn` event.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { connectControl, readResults, submitOver } from "./kit/control.mjs";
import { percentile } from "./kit/figures.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startSubject, subjects } from "./kit/subject.mjs";

const rounds = 5;
const perRound = scaled(60, 4);
/** The end of a Receptor unit is seen by its polling only, half a second later, so it gets fewer. */
const peerPerRound = scaled(20, 4);

await onStage(async (folder) => {
  const daemons = [];
  for (const subject of subjects) daemons.push(await startSubject(folder, subject, { true: ["true", ""] }));
  const counts = { farhand: perRound, receptor: peerPerRound };
  const sides = { floor: () => repeat(perRound, () => spawned(join(folder, "out"))) };
  for (const { name, socket } of daemons) sides[name] = () => repeat(counts[name], () => submitted(socket));
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  for (const daemon of daemons) await daemon.stop();

  const at = (p) =>
    Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, percentile(all.flat(), p)]));
  const [p50, p99] = [at(50), at(99)];
  printReport(`submit → started, ${rounds * perRound} units one after another`, [
    { name: "p50", unit: "ms", ...p50, goal: { text: "≤ 5 ms", met: p50.farhand <= 5 } },
    { name: "p99", unit: "ms", ...p99, goal: { text: "≤ 25 ms", met: p99.farhand <= 25 } },
  ]);
});

async function repeat(count, measure) {
  const all = [];
  for (let n = 0; n < count; n++) all.push(await measure());
  return all;
}

async function spawned(path) {
  const start = performance.now();
  const fd = openSync(path, "w", 0o600);
  const child = spawn("true", { stdio: ["ignore", fd, fd] });
  await once(child, "spawn");
  const ms = performance.now() - start;
  closeSync(fd);
  if (child.exitCode === null) await once(child, "exit");
  return ms;
}

async function submitted(socket) {
  const control = await connectControl(socket);
  const start = performance.now();
  const id = await submitOver(control, "true");
  const ms = performance.now() - start;
  control.close();
  // The next one must not share the machine with the ending of this one.
  await readResults(socket, id);
  return ms;
}
