/**
 * What the way through the server adds (CAT-123): 500 workers, simulated in two processes, and 50 clients over HTTPS, each of
 * which asks two times a second for the units of some worker, which the server forwards, or for the worker itself, which the
 * server knows.
 *
 * Floor: a bare HTTPS server that answers as much, asked by as many clients in the same way. What the way adds is the
 * difference.
 */
import { join } from "node:path";
import { percentile } from "./kit/figures.mjs";
import { openClient } from "./kit/https-client.mjs";
import { openLoad } from "./kit/load.mjs";
import { memoryOf } from "./kit/processes.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { nameOf, plantServer, startServer } from "./kit/server.mjs";
import { joinFleet } from "./kit/simulated-fleet.mjs";
import { onStage } from "./kit/stage.mjs";
import { cpuPercentWhile } from "./kit/usage.mjs";

const workers = scaled(500, 10);
const clients = scaled(50, 4);
/** Each user may ask 50 times a second. */
const users = 10;
const rounds = 3;
const pace = { clients, everyMs: 500, forMs: 10_000 };
/** A server runs for weeks: what it takes for its first thousands of requests is another matter. */
const warmUp = { clients, everyMs: 200, forMs: scaled(25_000, 1_000) };

await onStage(async (folder) => {
  const planted = await plantServer(folder, { workers, users });
  const server = await startServer(planted);
  const fleet = await joinFleet(planted, { loads: 2 });
  const { url, authority, tokens, dataDir } = planted;
  const names = Array.from({ length: workers }, (_, n) => `/api/workers/${nameOf(n)}`);
  const client = openClient({ url, authority, token: tokens[0] });
  const { text } = await client.ask("GET", `${names[0]}/units`);
  const bare = openLoad("bare-https");
  const port = await bare.ask({ cert: join(dataDir, "server.crt"), key: join(dataDir, "server.key"), text });
  const asking = openLoad("asking");
  const ask = (server, paths) => asking.ask({ ...server, authority, tokens, paths, ...pace });
  const paths = { forwarded: names.map((name) => `${name}/units`), known: names };
  const sides = {
    floor: () => ask({ url: `https://127.0.0.1:${port}` }, { floor: ["/text"] }),
    farhand: () => cpuPercentWhile(server.pid, () => ask({ url }, paths)),
  };
  await asking.ask({ url, authority, tokens, paths, ...warmUp });
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  const memory = memoryOf(server.own());
  if ((await fleet.count()) !== workers) throw new Error("some workers are not registered any more");
  fleet.close();
  await server.stop();

  const all = (pick) => measured.farhand.flatMap(pick);
  const floor = measured.floor.flatMap((took) => took.floor);
  const row = (name, list, p) => ({
    name: `${name} p${p}`,
    unit: "ms",
    floor: percentile(floor, p),
    farhand: percentile(list, p),
  });
  const forwarded = all(({ result }) => result.forwarded);
  const added = (p, limit) => {
    const ms = percentile(forwarded, p) - percentile(floor, p);
    return {
      name: `added by the way through the server, p${p}`,
      unit: "ms",
      farhand: ms,
      goal: { text: `≤ ${limit} ms`, met: ms <= limit },
    };
  };
  printReport(`${workers} workers, ${clients} clients, ${clients * 2} requests a second`, [
    row("forwarded to a worker", forwarded, 50),
    row("forwarded to a worker", forwarded, 99),
    added(50, 5),
    added(99, 25),
    row(
      "known to the server",
      all(({ result }) => result.known),
      50,
    ),
    row(
      "known to the server",
      all(({ result }) => result.known),
      99,
    ),
    {
      name: "processor of the server",
      unit: "% of a core",
      farhand: percentile(
        all(({ cpuPercent }) => cpuPercent),
        50,
      ),
    },
    {
      name: "memory of the server, PSS",
      unit: "MB",
      farhand: memory.pss,
      goal: { text: "≤ 210 MB (200 MiB)", met: memory.pss <= 209.7 },
    },
    { name: "memory of the server, RSS", unit: "MB", farhand: memory.rss },
  ]);
});
