/**
 * Units of `true` a second on a neighbour, from the first submit until all are final here, 16 at once.
 *
 * Floor: a server that runs the command for whoever connects, over TCP.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { listUnits } from "./kit/control.mjs";
import { median } from "./kit/figures.mjs";
import { startLine, submitTo } from "./kit/line.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { subjects } from "./kit/subject.mjs";

const rounds = 3;
const atOnce = 16;
const counts = { floor: scaled(200, 16), farhand: scaled(100, 16), receptor: scaled(32, 16) };

await onStage(async (folder) => {
  const bare = openLoad("inetd");
  const port = await bare.ask({ command: "true", args: [] });
  const sides = { floor: () => rateOf("floor", () => bareRun(port)) };
  const lines = [];
  for (const subject of subjects) {
    const line = await startLine(folder, subject, 1, { true: ["true", ""] });
    lines.push(line);
    sides[subject.name] = () => units(line);
  }
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  for (const line of lines) await line.stop();
  const rates = Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, median(all)]));
  printReport(`${counts.farhand} units on a neighbour, ${atOnce} at once, median of ${rounds}`, [
    { name: "units", unit: "1/s", ...rates },
  ]);
});

async function rateOf(name, run, settled = async () => {}) {
  const start = performance.now();
  let left = counts[name];
  const lane = async () => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await settled();
  return (counts[name] / (performance.now() - start)) * 1e3;
}

async function units({ name, sockets, last }) {
  const ids = [];
  return rateOf(
    name,
    async () => void ids.push(await submitTo(sockets[0], last, "true")),
    async () => {
      for (; ; await sleep(5)) {
        const all = await listUnits(sockets[0]);
        if (ids.every((id) => all[id].State >= 2)) return;
      }
    },
  );
}

async function bareRun(port) {
  const socket = connect(port, "127.0.0.1");
  socket.resume();
  await once(socket, "close");
}
