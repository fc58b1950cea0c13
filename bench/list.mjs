/**
 * How long `work list` takes with 10,000 finished units, and how long the daemon takes to start with them.
 *
 * Floor of the list: a process that makes JSON of the same object and sends it. Floor of the start: a bare Node listener.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareNode } from "./kit/bare-node.mjs";
import { connectControl, listUnits } from "./kit/control.mjs";
import { median } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { plantUnit } from "./kit/planted-units.mjs";
import { endProcesses, processTree } from "./kit/processes.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startListener, startSubject, subjects, unitsFolder } from "./kit/subject.mjs";

const count = scaled(10_000, 10);
const starts = 3;
const lists = 20;
const workTypes = { true: ["true", ""] };

await onStage(async (folder) => {
  for (const subject of subjects) plantUnits(unitsFolder(folder, subject));
  const started = medians(await inRounds(starts, startSides(folder)));
  const daemons = [];
  for (const subject of subjects) daemons.push(await startSubject(folder, subject, workTypes));
  const listed = medians(await inRounds(lists, await listSides(folder, daemons)));
  for (const daemon of daemons) await daemon.stop();
  printReport(`${count} finished units`, [
    { name: "work list", unit: "ms", ...listed, goal: { text: "< 50 ms", met: listed.farhand < 50 } },
    { name: "start with them", unit: "ms", ...started },
  ]);
});

function plantUnits(unitsDir) {
  for (let n = 0; n < count; n++) plantUnit(unitsDir, `u${String(n).padStart(9, "0")}`, "true", 0);
}

function startSides(folder) {
  const sides = {
    floor: async () => {
      const { child, startedInMs } = await startListener(
        bareNode(join(folder, "bare.sock")),
        join(folder, "bare.sock"),
      );
      await endProcesses(processTree(child.pid));
      return startedInMs;
    },
  };
  for (const subject of subjects) {
    sides[subject.name] = async () => {
      const daemon = await startSubject(folder, subject, workTypes);
      await daemon.stop();
      return daemon.startedInMs;
    };
  }
  return sides;
}

async function listSides(folder, daemons) {
  const [socket, file] = [join(folder, "json.sock"), join(folder, "list.json")];
  const units = await listUnits(daemons[0].socket);
  if (Object.keys(units).length !== count) throw new Error(`${Object.keys(units).length} units instead of ${count}`);
  writeFileSync(file, JSON.stringify(units));
  await openLoad("serving-json").ask({ socket, file });
  const places = [{ name: "floor", socket }, ...daemons];
  return Object.fromEntries(places.map((place) => [place.name, () => listed(place.socket)]));
}

async function listed(socket) {
  const control = await connectControl(socket);
  const start = performance.now();
  await control.ask("work list");
  const ms = performance.now() - start;
  control.close();
  return ms;
}

function medians(measured) {
  return Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, median(all)]));
}
