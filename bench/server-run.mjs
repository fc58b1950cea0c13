/**
 * How long somebody waits for work on another machine, by way of a server: from the request until its answer says that the
 * process has started, and until the first line of its output is there. A worker daemon that has joined, a client over HTTPS
 * that asks one thing after another.
 *
 * Floor: a bare HTTPS server that spawns the same command, and answers when it has started.
 */
import { join } from "node:path";
import { percentile } from "./kit/figures.mjs";
import { openClient } from "./kit/https-client.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { plantServer, startServer } from "./kit/server.mjs";
import { onStage } from "./kit/stage.mjs";
import { joinWorker } from "./kit/worker.mjs";

const rounds = 4;
const perRound = scaled(60, 4);

await onStage(async (folder) => {
  const planted = await plantServer(folder);
  const server = await startServer(planted);
  const { url, authority, dataDir } = planted;
  const client = openClient({ url, authority, token: planted.tokens[0] });
  const worker = await joinWorker(folder, planted, client);
  const bare = openLoad("bare-https");
  const own = { cert: join(dataDir, "server.crt"), key: join(dataDir, "server.key") };
  const port = await bare.ask({ ...own, command: ["sh", "-s"] });
  const floor = openClient({ url: `https://127.0.0.1:${port}`, authority });

  const run = { workType: "run", payload: "echo hello\n" };
  const [started, firstLine] = [[], []];
  const sides = {
    floor: () => repeat(perRound, () => timed(() => floor.get("POST", "/", run))),
    farhand: () =>
      repeat(perRound, async () => {
        const start = performance.now();
        const { unit } = await client.get("POST", `/api/workers/${worker.name}/units`, run);
        started.push(performance.now() - start);
        let first;
        await client.read(
          `/api/workers/${worker.name}/units/${unit}/output?follow=true`,
          () => (first ??= performance.now()),
        );
        firstLine.push(first - start);
      }),
  };
  await inRounds(1, sides);
  for (const list of [started, firstLine]) list.length = 0;
  const measured = await inRounds(rounds, sides);
  await worker.stop();
  await server.stop();

  const floors = measured.floor.flat();
  const row = (name, list, p) => ({
    name: `${name} p${p}`,
    unit: "ms",
    floor: percentile(floors, p),
    farhand: percentile(list, p),
  });
  printReport(`run through the server, ${rounds * perRound} units one after another`, [
    row("request → process started", started, 50),
    row("request → process started", started, 99),
    row("request → first line of output", firstLine, 50),
    row("request → first line of output", firstLine, 99),
  ]);
});

async function repeat(count, measure) {
  const all = [];
  for (let n = 0; n < count; n++) all.push(await measure());
  return all;
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
