/**
 * What 10,000 workers cost their server: memory, processor time of their heartbeats, and how fast the API answers meanwhile.
 * The workers are simulated (bench/load/simulated-workers.mjs), four processes of them; each registers by its key over a
 * WebSocket of its own and beats every 15 s. Before that, 32 of them beat as fast as they are answered.
 *
 * Floor: a bare Node server with TLS connections that say and hear as much; a fifth as many, and scaled up. The figures of
 * Quokka are those it was published with: 32 clients, Flask with SQLite, two cores of another machine.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { percentile, short } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { memoryOf, processTree } from "./kit/processes.mjs";
import { printReport } from "./kit/report.mjs";
import { scaled } from "./kit/scale.mjs";
import { nameOf, plantServer, startServer } from "./kit/server.mjs";
import { joinFleet } from "./kit/simulated-fleet.mjs";
import { onStage } from "./kit/stage.mjs";
import { cpuPercentWhile } from "./kit/usage.mjs";

const workers = scaled(10_000, 40);
/** Of the API: two clients, ten requests a second together. */
const asking = { clients: 2, everyMs: 200 };
/** Two heartbeats of each, and more. */
const watchMs = 35_000;
const floorShare = 5;
const settleMs = 5_000;
const everyMs = 15_000;
const rushing = 32;
const rushMs = 10_000;
const quokka = { perSecond: 150, p99: 1_500 };

await onStage(async (folder) => {
  const planted = await plantServer(folder, { workers });
  const rush = await rushed(planted);
  const floor = await bareHub(planted);
  const server = await startServer(planted);
  const before = memoryOf(server.own());
  const fleet = await joinFleet(planted);
  const { result: took, cpuPercent } = await watch(server, () => ask(planted));
  const after = memoryOf(server.own());
  if ((await fleet.count()) !== workers) throw new Error(`${await fleet.count()} of ${workers} workers are registered`);
  fleet.close();
  await server.stop();
  const perWorker = (kind) => ((after[kind] - before[kind]) / workers) * 1e3;
  printReport(`${workers} workers with heartbeats (${short(workers / (everyMs / 1_000))}/s), ${planted.store}`, [
    {
      name: "processor of the server",
      unit: "% of a core",
      floor: floor.cpuPercent,
      farhand: cpuPercent,
      goal: { text: "≤ 100 %", met: cpuPercent <= 100 },
    },
    {
      name: "memory of the server, PSS",
      unit: "MB",
      floor: floor.pss,
      farhand: after.pss,
      goal: { text: "≤ 2000 MB", met: after.pss <= 2_000 },
    },
    { name: "memory of the server, RSS", unit: "MB", floor: floor.rss, farhand: after.rss },
    { name: "memory for each worker, PSS", unit: "kB", floor: floor.perConnection, farhand: perWorker("pss") },
    ...["a page of the list", "one worker"].flatMap((name) =>
      [50, 99].map((p) => ({ name: `API meanwhile, ${name}, p${p}`, unit: "ms", farhand: percentile(took[name], p) })),
    ),
    {
      name: "joining, workers a second",
      unit: "1/s",
      floor: floor.perSecond,
      farhand: (workers / fleet.joinedInMs) * 1e3,
    },
    { name: `heartbeats, ${rushing} at once, back to back`, unit: "1/s", farhand: rush.length / (rushMs / 1e3) },
    { name: `heartbeats, ${rushing} at once, answered p99`, unit: "ms", farhand: percentile(rush, 99) },
  ]);
  console.log(
    `  Quokka, as published: ${quokka.perSecond} heartbeats/s, p99 ${quokka.p99} ms at 32 clients; ours ${short(rush.length / (rushMs / 1e3) / quokka.perSecond)} × as many`,
  );
});

/** With a fifth of the connections, and from there scaled up: they only have to be many. */
async function bareHub({ dataDir, ca }) {
  const [hub, ...dialers] = Array.from({ length: 3 }, () => openLoad("bare-tls-hub"));
  const port = await hub.ask({ cert: join(dataDir, "server.crt"), key: join(dataDir, "server.key") });
  const own = () => processTree(hub.pid).slice(0, 1);
  const before = memoryOf(own());
  const start = performance.now();
  const clients = Math.ceil(workers / floorShare / dialers.length);
  await Promise.all(dialers.map((dialer) => dialer.ask({ port, ca, clients, everyMs })));
  const count = clients * dialers.length;
  const perSecond = (count / (performance.now() - start)) * 1e3;
  const { cpuPercent } = await cpuPercentWhile(hub.pid, () => sleep(everyMs));
  const after = memoryOf(own());
  for (const load of [hub, ...dialers]) load.close();
  const scaledUp = (kind) => before[kind] + ((after[kind] - before[kind]) / count) * workers;
  return {
    pss: scaledUp("pss"),
    rss: scaledUp("rss"),
    cpuPercent: (cpuPercent / count) * workers,
    perSecond,
    perConnection: ((after.pss - before.pss) / count) * 1e3,
  };
}

/** Heartbeats back to back, on a server that has nothing else to do. */
async function rushed(planted) {
  const server = await startServer(planted);
  const fleet = await joinFleet(planted, { loads: 1, most: rushing });
  const took = await fleet.rush(rushMs);
  fleet.close();
  await server.stop();
  return took;
}

/** What the API answers, and what the server needs, while all of them beat. */
async function watch({ pid }, work) {
  // What came with their joining is over.
  await sleep(settleMs);
  return cpuPercentWhile(pid, work);
}

async function ask({ url, authority, tokens }) {
  const load = openLoad("asking");
  const some = Array.from(
    { length: Math.min(workers, 50) },
    (_, n) => `/api/workers/${nameOf(Math.floor((n * workers) / 50))}`,
  );
  const paths = { "a page of the list": ["/api/workers?limit=100"], "one worker": some };
  const took = await load.ask({ url, authority, tokens, ...asking, paths, forMs: watchMs });
  load.close();
  return took;
}
