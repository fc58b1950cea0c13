/**
 * How long a server takes from its start until it serves: `GET /readyz` is answered over HTTPS. In a new folder, where keys,
 * certificates and tables are made first; and again in a folder with 1,000 workers.
 *
 * Floor: a bare HTTPS server in Node.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { median } from "./kit/figures.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { startBareHttps, plantServer, startServer } from "./kit/server.mjs";
import { onStage } from "./kit/stage.mjs";

const rounds = scaled(8, 2);
const workers = scaled(1_000, 20);

await onStage(async (folder) => {
  const planted = await plantServer(folder, { workers });
  const timed = async (start) => {
    const { startedInMs, stop } = await start();
    await stop();
    return startedInMs;
  };
  let made = 0;
  const fresh = () => {
    const dataDir = join(folder, `fresh-${made++}`);
    mkdirSync(dataDir, { mode: 0o700 });
    return startServer({ ...planted, dataDir, authority: undefined, store: "sqlite" });
  };
  const sides = {
    floor: () => timed(() => startBareHttps(planted)),
    farhand: () => timed(() => startServer(planted)),
    fresh: () => timed(fresh),
  };
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  const [floor, farhand, first] = [measured.floor, measured.farhand, measured.fresh].map(median);
  printReport(`exec → the server is ready, median of ${rounds}`, [
    { name: `start with ${workers} workers`, unit: "ms", floor, farhand },
    { name: "first start, in a new folder", unit: "ms", floor, farhand: first },
  ]);
});
