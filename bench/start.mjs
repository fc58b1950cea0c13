/**
 * How long the daemon takes from its start to a control socket that greets.
 *
 * Floor: `node -e` with a listener that greets.
 */
import { join } from "node:path";
import { bareNode } from "./kit/bare-node.mjs";
import { median } from "./kit/figures.mjs";
import { endProcesses, processTree } from "./kit/processes.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startListener, startSubject, subjects } from "./kit/subject.mjs";

const rounds = scaled(10, 3);

await onStage(async (folder) => {
  const sides = { floor: () => startBareNode(join(folder, "bare.sock")) };
  for (const subject of subjects) {
    sides[subject.name] = async () => {
      const daemon = await startSubject(folder, subject, { true: ["true", ""] });
      await daemon.stop();
      return daemon.startedInMs;
    };
  }
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  const medians = Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, median(all)]));
  printReport(`exec → control socket greets, median of ${rounds}`, [
    { name: "start", unit: "ms", ...medians, goal: { text: "≤ 250 ms", met: medians.farhand <= 250 } },
  ]);
});

async function startBareNode(socket) {
  const { child, startedInMs } = await startListener(bareNode(socket), socket);
  await endProcesses(processTree(child.pid));
  return startedInMs;
}
