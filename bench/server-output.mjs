/**
 * How fast a unit's output comes through the server: 256 MiB (BENCH_BYTES) that a command on a worker wrote, to a client over
 * HTTPS that counts.
 *
 * Floor: a bare HTTPS server that sends the same file to the same client.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "./kit/figures.mjs";
import { openClient } from "./kit/https-client.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { plantServer, startServer } from "./kit/server.mjs";
import { onStage } from "./kit/stage.mjs";
import { joinWorker } from "./kit/worker.mjs";

const rounds = 4;
const bytes = Number(process.env.BENCH_BYTES ?? scaled(256 * 1024 ** 2));

await onStage(async (folder) => {
  const file = join(folder, "output");
  writeOutput(file, bytes);
  const planted = await plantServer(folder);
  const server = await startServer(planted);
  const { url, authority, dataDir } = planted;
  const client = openClient({ url, authority, token: planted.tokens[0] });
  const worker = await joinWorker(folder, planted, client);
  const units = `/api/workers/${worker.name}/units`;
  const { unit } = await client.get("POST", units, { workType: "run", payload: `cat '${file}'\n` });
  await client.read(`${units}/${unit}/output?follow=true`, () => {});
  const bare = openLoad("bare-https");
  const port = await bare.ask({ cert: join(dataDir, "server.crt"), key: join(dataDir, "server.key"), file });

  const reading = openLoad("reading-https");
  const rate = async (question) => {
    const { ms, bytes: got } = await reading.ask(question);
    if (got !== bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
    return bytes / 1e3 / ms;
  };
  const sides = {
    floor: () => rate({ url: `https://127.0.0.1:${port}`, authority, path: "/file" }),
    farhand: () => rate({ url, authority, token: planted.tokens[0], path: `${units}/${unit}/output` }),
  };
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  await worker.stop();
  await server.stop();
  const rates = Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, median(all)]));
  printReport(`output of ${(bytes / 1024 ** 2).toFixed(0)} MiB through the server, median of ${rounds}`, [
    { name: "throughput", unit: "MB/s", ...rates },
  ]);
});

/** Real blocks rather than a hole, as a command would have left them. */
function writeOutput(path, size) {
  const fd = openSync(path, "w", 0o600);
  const block = Buffer.alloc(1024 * 1024, "all work and no play\n");
  for (let at = 0; at < size; at += block.length) writeSync(fd, block, 0, Math.min(block.length, size - at));
  closeSync(fd);
}
