/**
 * What a hub costs that many workers hang off: memory and processor time of its daemon with 2,000 stub links, idle but for
 * signs of life; the stubs are real nodes that share four processes. And of a hub with 10,000 stubs simulated in one process.
 *
 * Floor: a bare Node server with as many connections that say and hear five bytes every ten seconds. Receptor has nothing
 * like it: each of its nodes floods to each.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectControl } from "./kit/control.mjs";
import { freePorts } from "./kit/line.mjs";
import { openLoad } from "./kit/load.mjs";
import { endProcesses, memoryOf, processTree } from "./kit/processes.mjs";
import { printReport } from "./kit/report.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startListener, subjects } from "./kit/subject.mjs";
import { cpuSeconds } from "./kit/usage.mjs";

const processes = 4;
const stubs = scaled(2_000, 40);
const simulated = { stubs: scaled(10_000, 100), seconds: 60 };
const watchMs = 10_000;
const everyMs = 10_000;

await onStage(async (folder) => {
  const floor = await bareHub();
  const farhand = await ourHub(folder);
  const hub = openLoad("simulated-hub");
  const { bytes, admittedMs, cpuPercent } = await hub.ask(simulated);
  hub.close();
  const both = (figure) => ({ floor: floor[figure], farhand: farhand[figure] });
  printReport(`a hub with ${stubs} stub links; one with ${simulated.stubs} simulated`, [
    { name: "memory without links, PSS", unit: "MB", ...both("before") },
    { name: "memory with all, PSS", unit: "MB", ...both("after") },
    { name: "memory for each link", unit: "kB", ...both("perLink") },
    { name: "processor, idle", unit: "% of a core", ...both("cpuPercent") },
    { name: `simulated: heap for each link`, unit: "bytes", farhand: bytes },
    { name: `simulated: processor to take a stub`, unit: "ms", farhand: admittedMs },
    { name: `simulated: processor, idle`, unit: "% of a core", farhand: cpuPercent },
  ]);
});

async function bareHub() {
  const [hub, clients] = [openLoad("bare-hub"), openLoad("bare-hub")];
  const [port] = await freePorts(1);
  await hub.ask({ listens: port });
  const measured = await measure(hub.pid, () => clients.ask({ port, clients: stubs, everyMs }));
  for (const load of [hub, clients]) load.close();
  return measured;
}

async function ourHub(folder) {
  const place = join(folder, "hub");
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const [socket, config] = [join(place, "s"), join(place, "settings.yml")];
  const [port] = await freePorts(1);
  const sections = [
    { node: { id: "hub", datadir: join(place, "data") } },
    { "log-level": { level: "error" } },
    { "tcp-listener": { port, bindaddr: "127.0.0.1" } },
    { "control-service": { service: "control", filename: socket } },
  ];
  writeFileSync(config, sections.map((section) => `- ${JSON.stringify(section)}\n`).join(""));
  const { child } = await startListener([...subjects[0].argv, "-c", config], socket);
  const loads = Array.from({ length: processes }, () => openLoad("mesh-nodes"));
  const measured = await measure(child.pid, async () => {
    const join = async (load, first) => {
      for (let n = first; n < stubs; n += processes)
        await load.ask({ make: { id: `stub${n}`, isStub: true, peers: [port] } });
      await load.ask({ name: "linked" });
    };
    await Promise.all(loads.map(join));
    const control = await connectControl(socket);
    const { Connections } = JSON.parse((await control.ask("status")).toString());
    control.close();
    if (Connections.length !== stubs) throw new Error(`${Connections.length} of ${stubs} stubs are linked`);
  });
  for (const load of loads) load.close();
  await endProcesses(processTree(child.pid));
  return measured;
}

/** A process before and after its links are made, and what it does once they are. */
async function measure(pid, makeLinks) {
  await sleep(1_000);
  const own = processTree(pid).slice(0, 1);
  const before = memoryOf(own).pss;
  await makeLinks();
  await sleep(3_000);
  const after = memoryOf(own).pss;
  const start = cpuSeconds(pid);
  await sleep(watchMs);
  const cpuPercent = ((cpuSeconds(pid) - start) / watchMs) * 1e5;
  return { before, after, perLink: ((after - before) / stubs) * 1e3, cpuPercent };
}
