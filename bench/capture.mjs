/**
 * Packets a second that a capture stores, and that whoever looks at it has in the index of its page, while tcpreplay sends 200,000 a
 * second. Floor: `tcpdump -w FILE` on the same wire.
 *
 * It takes root, for a network namespace, and tcpreplay. Who looks is a process of its own, as a browser is.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PcapIndex } from "../dist/tools/packet/pcap-index.js";
import { connectControl } from "./kit/control.mjs";
import { median } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startSubject, subjects } from "./kit/subject.mjs";
import { canLayWire, layWire, replay, writeTraffic } from "./kit/wire.mjs";

const rounds = 3;
const perSecond = 200_000;
/** Packets of the file that is sent over and over. */
const different = 1_000;
const times = scaled(1_000, 10);
const filter = "udp port 53";
const patienceMs = 30_000;

if (canLayWire()) await onStage(benchmark);
else console.log("\ncapture: left out, for it takes root, iproute2 and tcpreplay");

async function benchmark(folder) {
  const wire = layWire();
  try {
    report(await measure(folder, wire));
  } finally {
    wire.remove();
  }
}

async function measure(folder, wire) {
  const traffic = join(folder, "traffic.pcap");
  writeTraffic(traffic, different);
  const tool = { worktype: "capture", maxpackets: 2 * times * different, maxbytes: 10_000_000_000, maxseconds: 600 };
  const more = [{ "work-tool": { ...tool, interfaces: [wire.there] } }];
  const daemon = await startSubject(folder, subjects[0], {}, { before: wire.words, more });
  const viewer = openLoad("indexing-capture");
  const send = () => replay(wire, traffic, { times, perSecond });
  const stage = { folder, wire, daemon, viewer, send };
  const measured = await inRounds(rounds, { floor: () => plain(stage), farhand: () => captured(stage) });
  viewer.close();
  await daemon.stop();
  return measured;
}

function report({ floor, farhand }) {
  const of = (runs, name) => median(runs.map((run) => run[name]));
  const both = (name) => ({ floor: of(floor, name), farhand: of(farhand, name) });
  const offered = Math.round(of(farhand, "offered"));
  printReport(`a capture of ${times * different} packets, ${offered} a second offered, median of ${rounds}`, [
    { name: "offered meanwhile", unit: "packets/s", ...both("offered") },
    { name: "stored", unit: "packets/s", ...both("stored") },
    {
      ...{ name: "stored of the offered", unit: "%", ...both("percent") },
      goal: { text: "all", met: farhand.every(({ lost }) => lost === 0) },
    },
    { name: "in the index of who looks", unit: "packets/s", floor: of(floor, "stored"), farhand: of(farhand, "shown") },
  ]);
  const lost = (runs) => runs.map((run) => run.lost).join(", ");
  console.log(`  lost in each round: tcpdump -w ${lost(floor)}; Farhand ${lost(farhand)}`);
}

/** A unit of the tool, and somebody who looks at it. */
async function captured({ folder, wire, daemon, viewer, send }) {
  const id = await begin(daemon.socket, { filter, interface: wire.there, excludeOwn: false });
  const path = join(folder, daemon.name, "bench", id, "stdout");
  await until(() => sizeOf(path) >= 24, "the capture begins");
  const looking = viewer.ask({ socket: daemon.socket, id });
  const sent = await send();
  await cancel(daemon.socket, id);
  const { count, firstAt, lastAt } = await looking;
  const stored = packetsIn(path);
  if (count !== stored.count) throw new Error(`${count} packets were shown of ${stored.count}`);
  return { ...figures(sent, stored), shown: (count - 1) / ((lastAt - firstAt) / 1_000) };
}

async function begin(socket, params) {
  const control = await connectControl(socket);
  const submit = { command: "work", subcommand: "submit", node: "localhost", worktype: "capture" };
  const created = await control.ask(JSON.stringify({ ...submit, params: JSON.stringify(params) }));
  control.socket.end();
  await control.reply();
  control.close();
  return /with ID (\w+)\./.exec(created.toString())[1];
}

/** Answered once the unit is over. */
async function cancel(socket, id) {
  const control = await connectControl(socket);
  await control.ask(`work cancel ${id}`);
  control.close();
}

async function plain({ folder, wire, send }) {
  const [path, log] = [join(folder, "plain.pcap"), join(folder, "tcpdump.log")];
  const fd = openSync(log, "w");
  const [command, ...words] = [...wire.words, "tcpdump", "-i", wire.there, "-n", "-Z", "root", "-w", path, filter];
  const child = spawn(command, words, { stdio: ["ignore", "ignore", fd] });
  closeSync(fd);
  const ended = once(child, "exit");
  await until(() => readFileSync(log, "utf8").includes("listening on"), "tcpdump listens");
  const sent = await send();
  // It does not wait by itself for what lies in the kernel's last blocks, a second each.
  await sleep(2_100);
  child.kill("SIGINT");
  await ended;
  return figures(sent, packetsIn(path));
}

function figures({ packets, offered }, { count, seconds }) {
  return { offered, stored: (count - 1) / seconds, percent: (100 * count) / packets, lost: packets - count };
}

/** How many there are, and over which time by their own clocks. */
function packetsIn(path) {
  const index = new PcapIndex();
  index.push(readFileSync(path));
  if (index.count < 2) throw new Error(`${path} has ${index.count} packets`);
  return { count: index.count, seconds: index.record(index.count - 1).time - index.record(0).time };
}

function sizeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function until(isSo, what) {
  for (const end = performance.now() + patienceMs; !isSo(); await sleep(20)) {
    if (performance.now() > end) throw new Error(`${what}: not within ${patienceMs} ms`);
  }
}
