/**
 * How long routes take to be right again: in a ring of 50 nodes, from the moment a link is cut, or is back, until every
 * node has the right next hop to every other; and among 1,000 nodes in the simulator, in its own time.
 *
 * Ours are ten to a process, each with its own sockets; Receptor's have a process each and are asked over their control
 * sockets. Floor: as many bare sockets in a row, each of which repeats what it hears.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { simulate } from "../dist/mesh/simulator/simulate.js";
import { connectControl } from "./kit/control.mjs";
import { median, percentile } from "./kit/figures.mjs";
import { freePorts } from "./kit/line.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { areRight } from "./kit/ring.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startListener, subjects } from "./kit/subject.mjs";

const count = 50;
const processes = 5;
const rounds = scaled(5, 2);
const simulated = { seed: 42, nodes: scaled(1_000, 50), hours: scaled(1), faults: ["partition"] };

await onStage(async (folder) => {
  const floor = await bareRow();
  const sides = { farhand: await rounded(await ourRing()) };
  const peer = subjects.find(({ name }) => name === "receptor");
  if (peer) sides.receptor = await rounded(await theirRing(folder, peer));
  const of = (what, pick) =>
    Object.fromEntries(Object.entries(sides).map(([name, measured]) => [name, pick(measured[what])]));
  const worst = (all) => Math.max(...all);
  printReport(`routes of ${count} nodes in a ring, ${rounds} cuts`, [
    { name: "right after a cut, median", unit: "ms", floor: median(floor), ...of("cut", median) },
    { name: "right after a cut, worst", unit: "ms", floor: worst(floor), ...of("cut", worst) },
    { name: "right when the link is back, median", unit: "ms", floor: median(floor), ...of("heal", median) },
  ]);
  const { convergence, violations } = await simulate(simulated);
  const rows = convergence.flatMap(({ what, ms }) => [
    { name: `${what}, p50 of ${ms.length}`, unit: "ms", farhand: percentile(ms, 50) },
    { name: `${what}, worst`, unit: "ms", farhand: worst(ms) },
  ]);
  printReport(`${simulated.nodes} nodes for ${simulated.hours} h simulated, ${violations.length} violations`, rows);
});

/** Milliseconds of each round, for the cut and for the healing. */
async function rounded({ cut, heal, settled, stop }) {
  const measured = { cut: [], heal: [] };
  await settled(true);
  for (let round = 0; round < rounds; round++) {
    const [cutAt, lineAt] = [await cut(), await settled(false)];
    measured.cut.push(lineAt - cutAt);
    await sleep(500);
    const [healedAt, ringAt] = [await heal(), await settled(true)];
    measured.heal.push(ringAt - healedAt);
    await sleep(500);
  }
  await stop();
  return measured;
}

async function ourRing() {
  const loads = Array.from({ length: processes }, () => openLoad("mesh-nodes"));
  const ports = await freePorts(count);
  // Node n dials the one before it, and the last one the first too: that link is cut.
  for (let n = 0; n < count; n++) {
    const peers = [...(n > 0 ? [ports[n - 1]] : []), ...(n === count - 1 ? [ports[0]] : [])];
    await loads[n % processes].ask({ make: { id: `n${n}`, listens: [ports[n]], peers } });
  }
  const last = loads[(count - 1) % processes];
  const place = { id: `n${count - 1}`, port: ports[0] };
  return {
    cut: () => last.ask({ name: "cut", ...place }),
    heal: () => last.ask({ name: "heal", ...place }),
    settled: async (isRing) =>
      Math.max(...(await Promise.all(loads.map((load) => load.ask({ name: "settled", count, isRing }))))),
    stop: async () => loads.forEach((load) => load.close()),
  };
}

async function theirRing(folder, subject) {
  const place = join(folder, "ring");
  mkdirSync(place);
  const ports = await freePorts(count);
  const cable = await openCable(ports[0]);
  const [children, asks] = [[], []];
  for (let n = 0; n < count; n++) {
    const peers = [...(n > 0 ? [ports[n - 1]] : []), ...(n === count - 1 ? [cable.port] : [])];
    const [config, socket] = [join(place, `${n}.yml`), join(place, `${n}.sock`)];
    const sections = [
      { node: { id: `n${n}`, datadir: join(place, "data") } },
      { "log-level": { level: "error" } },
      { "tcp-listener": { port: ports[n], bindaddr: "127.0.0.1" } },
      ...peers.map((port) => ({ "tcp-peer": { address: `127.0.0.1:${port}` } })),
      { "control-service": { service: "control", filename: socket } },
    ];
    writeFileSync(config, sections.map((section) => `- ${JSON.stringify(section)}\n`).join(""));
    children.push((await startListener([...subject.argv, "-c", config], socket)).child);
    asks.push(async () => {
      const control = await connectControl(socket);
      const { RoutingTable } = JSON.parse((await control.ask("status")).toString());
      control.close();
      return RoutingTable;
    });
  }
  return {
    cut: async () => cable.cut(),
    heal: async () => cable.heal(),
    settled: async (isRing) => {
      const waiting = new Set(asks.keys());
      for (;;) {
        for (const n of waiting) if (areRight(`n${n}`, await asks[n](), count, isRing)) waiting.delete(n);
        if (waiting.size === 0) return now();
      }
    },
    stop: async () => {
      for (const child of children) child.kill("SIGKILL");
      cable.close();
    },
  };
}

/** A TCP relay that can be cut: then it breaks what goes through, and lets nobody in. */
async function openCable(target) {
  const sockets = new Set();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(target, "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => [near, far].map((each) => each.destroy()));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    return now();
  };
  const heal = () => {
    isCut = false;
    return now();
  };
  return { port: server.address().port, cut, heal, close: () => cut() && server.close() };
}

async function bareRow() {
  const loads = Array.from({ length: processes }, () => openLoad("bare-ring"));
  const ports = await freePorts(count);
  for (let n = count - 1; n > 0; n--)
    await loads[n % processes].ask({ listens: ports[n], ...(n < count - 1 && { next: ports[n + 1] }) });
  await loads[0].ask({ next: ports[1] });
  const all = [];
  for (let round = 0; round < rounds; round++) {
    const toldAt = await loads[0].ask({ name: "tell" });
    await sleep(1_000);
    all.push((await loads[(count - 1) % processes].ask({ name: "heard" })) - toldAt);
  }
  for (const load of loads) load.close();
  return all;
}

function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}
