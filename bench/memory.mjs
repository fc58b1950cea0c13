/**
 * Memory of our own processes: idle, and with 1,000 units running. The commands themselves (`sleep`) are not counted.
 *
 * Floors: a bare Node listener, and a Node process that has spawned as many `sleep`s itself. PSS shares the pages of the
 * Node program among all Node processes of the machine, so RSS is printed beside it.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bareNode } from "./kit/bare-node.mjs";
import { listUnits, submitUnit } from "./kit/control.mjs";
import { median } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { endProcesses, memoryOf, processTree } from "./kit/processes.mjs";
import { printReport } from "./kit/report.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startListener, startSubject, subjects } from "./kit/subject.mjs";

const units = scaled(1_000, 10);
/** A Receptor starts a runner of some 10 MB for each unit, so it gets fewer; its figure is scaled up. */
const peerUnits = scaled(100, 10);
const settleMs = 2_000;
const command = ["sleep", "3600"];

await onStage(async (folder) => {
  const floor = await measureFloor(folder);
  const sides = {};
  for (const subject of subjects) sides[subject.name] = await measure(folder, subject);
  for (const kind of ["pss", "rss"]) printReport(`memory, ${kind.toUpperCase()}`, figuresOf(kind, floor, sides));
});

async function measureFloor(folder) {
  const socket = join(folder, "bare.sock");
  const { child } = await startListener(bareNode(socket), socket);
  const idle = await settled(() => processTree(child.pid));
  await endProcesses(processTree(child.pid));
  const holding = openLoad("holding");
  await holding.ask({ count: units, command: command[0], args: command.slice(1) });
  const running = await settled(() => processTree(holding.pid).slice(0, 1));
  await endProcesses(processTree(holding.pid));
  return { idle, running };
}

async function measure(folder, subject) {
  const daemon = await startSubject(folder, subject, { sleep: command });
  const count = subject.name === "farhand" ? units : peerUnits;
  const own = () => processTree(daemon.pid).filter(({ command: line }) => line !== command.join(" "));
  const titled = (title) => own().filter(({ command: line }) => line.startsWith(title));
  const idle = await settled(own);
  const idleDaemon = await settled(() => own().slice(0, 1));
  await fill(daemon.socket, count);
  const running = await settled(own);
  const minders = await settled(() => [...titled("farhand-launcher"), ...titled("farhand-reaper ")]);
  const helpers = await settled(() => titled("farhand-helper"));
  const processes = { helpers: titled("farhand-helper").length, reapers: titled("farhand-reaper ").length };
  await daemon.stop();
  if (subject.name === "farhand" && processes.reapers !== count)
    throw new Error(`${processes.reapers} reapers for ${count} units`);
  return { count, idle, idleDaemon, running, minders, helpers, processes };
}

/** Submit `count` units, eight at a time, and wait until all of them run. */
async function fill(socket, count) {
  let left = count;
  const submit = async () => {
    while (left-- > 0) await submitUnit(socket, "sleep");
  };
  await Promise.all(Array.from({ length: 8 }, submit));
  for (let tries = 0; ; tries++) {
    const running = Object.values(await listUnits(socket)).filter(({ State }) => State === 1).length;
    if (running === count) return;
    if (tries === 60) throw new Error(`${running} of ${count} units run`);
    await sleep(500);
  }
}

/** The median of three looks, once things have calmed down. */
async function settled(processes) {
  await sleep(settleMs);
  const looks = [];
  for (let n = 0; n < 3; n++) {
    looks.push(memoryOf(processes()));
    await sleep(200);
  }
  return { pss: median(looks.map(({ pss }) => pss)), rss: median(looks.map(({ rss }) => rss)) };
}

function figuresOf(kind, floor, { farhand, receptor }) {
  const peer = (pick) => (receptor ? pick(receptor) : undefined);
  const extra = ({ idle, running, count }) => idle[kind] + ((running[kind] - idle[kind]) / count) * units;
  const goals = kind === "pss";
  const goal = (value, limit, sign) => ({
    text: `${sign} ${limit} MB`,
    met: sign === "<" ? value < limit : value <= limit,
  });
  const { idle, idleDaemon, running, minders, helpers, processes } = farhand;
  const all = `${units} running`;
  return [
    {
      name: "idle daemon",
      unit: "MB",
      floor: floor.idle[kind],
      farhand: idleDaemon[kind],
      receptor: peer((side) => side.idleDaemon[kind]),
      ...(goals && { goal: goal(idleDaemon[kind], 60, "≤") }),
    },
    { name: "idle daemon and helper", unit: "MB", floor: floor.idle[kind], farhand: idle[kind] },
    {
      name: `${all}: all of ours`,
      unit: "MB",
      floor: floor.running[kind],
      farhand: running[kind],
      receptor: peer(extra),
      ...(goals && { goal: goal(running[kind], 400, "<") }),
    },
    { name: `${all}: daemon`, unit: "MB", farhand: running[kind] - helpers[kind] - minders[kind] },
    { name: `${all}: ${processes.helpers} helpers`, unit: "MB", farhand: helpers[kind] },
    { name: `${all}: launchers and ${processes.reapers} reapers`, unit: "MB", farhand: minders[kind] },
  ];
}
