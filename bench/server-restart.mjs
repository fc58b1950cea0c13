/**
 * What comes upon a server that starts again (CAT-38): 200 workers, simulated, whose server is killed and started anew. How
 * many register in the worst second, and when the last one is back.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { printReport } from "./kit/report.mjs";
import { scaled } from "./kit/scale.mjs";
import { plantServer, startServer } from "./kit/server.mjs";
import { joinFleet } from "./kit/simulated-fleet.mjs";
import { onStage } from "./kit/stage.mjs";

const workers = scaled(200, 10);
const awayMs = 3_000;
const patienceMs = 300_000;

await onStage(async (folder) => {
  const planted = await plantServer(folder, { workers });
  const first = await startServer(planted);
  const fleet = await joinFleet(planted, { loads: 2 });
  await fleet.registrations();
  await first.kill();
  await sleep(awayMs);
  const second = await startServer(planted);
  const readyAt = Date.now();
  const times = await comeBack(fleet);
  const isAll = (await fleet.count()) === workers;
  fleet.close();
  await second.stop();
  const backMs = Math.max(...times) - readyAt;
  const peak = mostWithinASecond(times);
  printReport(`${workers} workers after their server was killed and started again`, [
    { name: "registrations in the worst second", unit: "1/s", farhand: peak, goal: { text: "< 50/s", met: peak < 50 } },
    {
      name: "ready → the last one is back",
      unit: "ms",
      farhand: backMs,
      goal: { text: "≤ 60000 ms", met: isAll && backMs <= 60_000 },
    },
  ]);
});

/** When each of them was registered again. */
async function comeBack(fleet) {
  const times = [];
  for (const end = performance.now() + patienceMs; times.length < workers; await sleep(250)) {
    times.push(...(await fleet.registrations()));
    if (performance.now() > end) throw new Error(`${times.length} of ${workers} workers came back`);
  }
  return times;
}

function mostWithinASecond(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(...sorted.map((at, first) => sorted.filter((other, n) => n >= first && other < at + 1_000).length));
}
