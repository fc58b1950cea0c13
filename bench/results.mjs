/**
 * How fast `work results` sends a large finished output to a client that only counts it. BENCH_BYTES sets the size, 2 GiB
 * unless told otherwise.
 *
 * Floor: a process that sends the same file to the same client with `createReadStream().pipe()`. All sides read one file
 * through hard links, so it is equally warm for all of them.
 */
import { closeSync, ftruncateSync, linkSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { plantUnit } from "./kit/planted-units.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startSubject, subjects, unitsFolder } from "./kit/subject.mjs";

const rounds = 7;
const bytes = Number(process.env.BENCH_BYTES ?? scaled(2 * 1024 ** 3));
const id = "finished";

await onStage(async (folder) => {
  const file = join(folder, "output");
  writeOutput(file, bytes);
  const [counting, serving] = [openLoad("counting"), openLoad("serving-file")];
  const raw = join(folder, "raw.sock");
  await serving.ask({ socket: raw, file });

  const read = async (question) => {
    const { ms, bytes: got } = await counting.ask(question);
    if (got < bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
    return bytes / 1e3 / ms;
  };
  const sides = { floor: () => read({ path: raw }) };
  const daemons = [];
  for (const subject of subjects) {
    linkSync(file, join(plantUnit(unitsFolder(folder, subject), id, "big", bytes), "stdout"));
    const daemon = await startSubject(folder, subject, { big: ["true", ""] });
    daemons.push(daemon);
    sides[daemon.name] = () => read({ path: daemon.socket, request: `work results ${id}` });
  }
  await inRounds(1, sides);
  const measured = await inRounds(rounds, sides);
  for (const daemon of daemons) await daemon.stop();

  const rates = Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, median(all)]));
  printReport(`work results of ${(bytes / 1024 ** 2).toFixed(0)} MiB, median of ${rounds}`, [
    {
      name: "throughput",
      unit: "MB/s",
      ...rates,
      goal: { text: "≥ 80 % of the floor", met: rates.farhand >= 0.8 * rates.floor },
    },
  ]);
});

/** Real blocks rather than a hole, as a command would have left them. */
function writeOutput(path, size) {
  const fd = openSync(path, "w", 0o600);
  const block = Buffer.alloc(1024 * 1024, "all work and no play\n");
  for (let at = 0; at < size; at += block.length) writeSync(fd, block);
  ftruncateSync(fd, size);
  closeSync(fd);
}
