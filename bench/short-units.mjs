/**
 * How many short units (`true`) a second one node runs: from the first submit to the moment `work list` shows the last one
 * final, at 1, 16 and 64 at once, each over its own connection.
 *
 * Floor: the same number of plain spawns, as many at once, each with its output in a file.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { median } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startSubject, subjects } from "./kit/subject.mjs";

const rounds = 5;
const counts = { floor: scaled(400, 64), farhand: scaled(400, 64), receptor: scaled(100, 64) };

await onStage(async (folder) => {
  const loads = { submitting: openLoad("submitting"), spawning: openLoad("spawning") };
  const figures = [];
  for (const concurrency of [1, 16, 64])
    figures.push(await measure(join(folder, `${concurrency}`), loads, concurrency));
  printReport(`short units, ${rounds} rounds of ${counts.farhand}`, figures);
});

/** With daemons of its own, so that their lists stay short. */
async function measure(folder, { submitting, spawning }, concurrency) {
  mkdirSync(folder);
  const rate = ({ ms }, count) => (count * 1_000) / ms;
  const sides = {
    floor: async () => rate(await spawning.ask({ folder, count: counts.floor, concurrency }), counts.floor),
  };
  const daemons = [];
  for (const subject of subjects) {
    const daemon = await startSubject(folder, subject, { true: ["true", ""] });
    const question = { socket: daemon.socket, workType: "true", count: counts[subject.name], concurrency };
    sides[subject.name] = async () => rate(await submitting.ask(question), question.count);
    daemons.push(daemon);
  }
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  for (const daemon of daemons) await daemon.stop();
  const rates = Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, median(all)]));
  return { name: `${concurrency} at once`, unit: "units/s", ...rates, goal: goalOf(rates) };
}

function goalOf({ floor, farhand, receptor }) {
  const nearFloor = { text: "≥ 70 % of the floor", met: farhand >= 0.7 * floor };
  if (receptor === undefined) return nearFloor;
  return { text: `${nearFloor.text}, ≥ 10 × Receptor`, met: nearFloor.met && farhand >= 10 * receptor };
}
