/**
 * How many short units (`true`) a second one node runs: from the first submit to the moment `work list` shows the last one
 * final, at 1, 16 and 64 at once, each over its own connection.
 *
 * Floor: the same number of plain spawns, as many at once, each with its output in a file.
 */
import { releaseUnits } from "./kit/control.mjs";
import { median } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startSubject, subjects } from "./kit/subject.mjs";

const rounds = 5;
const counts = { floor: scaled(600, 64), farhand: scaled(600, 64), receptor: scaled(120, 64) };

await onStage(async (folder) => {
  const [submitting, spawning] = [openLoad("submitting"), openLoad("spawning")];
  const daemons = [];
  for (const subject of subjects) daemons.push(await startSubject(folder, subject, { true: ["true", ""] }));

  const sidesAt = (concurrency) => {
    const sides = {
      floor: async () => rate("floor", await spawning.ask({ folder, count: counts.floor, concurrency })),
    };
    for (const { name, socket } of daemons) {
      sides[name] = async () => {
        const done = await submitting.ask({ socket, workType: "true", count: counts[name], concurrency });
        await releaseUnits(socket, done.ids);
        return rate(name, done);
      };
    }
    return sides;
  };
  await inRounds(1, sidesAt(16));
  const figures = [];
  for (const concurrency of [1, 16, 64])
    figures.push(...figuresAt(concurrency, await inRounds(rounds, sidesAt(concurrency))));
  for (const daemon of daemons) await daemon.stop();
  printReport(`short units, ${rounds} rounds of ${counts.farhand}`, figures);
});

function rate(name, { ms }) {
  return (counts[name] * 1_000) / ms;
}

function figuresAt(concurrency, measured) {
  const { floor, farhand, receptor } = Object.fromEntries(
    Object.entries(measured).map(([name, rates]) => [name, median(rates)]),
  );
  const goal = { text: "≥ 70 % of the floor", met: farhand >= 0.7 * floor };
  if (receptor !== undefined) {
    goal.text += ", ≥ 10 × Receptor";
    goal.met &&= farhand >= 10 * receptor;
  }
  return [{ name: `${concurrency} at once`, unit: "units/s", floor, farhand, receptor, goal }];
}
