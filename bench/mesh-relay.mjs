/**
 * Datagrams a second through a relay: in over one TCP road, out over another, for two neighbours that are bare sockets.
 *
 * Floor: a process that copies frame by frame from one socket to another. A relay of ours drops what the way out cannot
 * take, so what arrives is counted, not what is sent.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "./kit/figures.mjs";
import { freePorts } from "./kit/line.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { startListener, subjects } from "./kit/subject.mjs";

const rounds = 2;
const ms = scaled(2_000, 500);
const sizes = [1200, 36];

await onStage(async (folder) => {
  const [packets, copying] = [openLoad("packets"), openLoad("frame-copy")];
  const barePort = await copying.ask({});
  const relays = [];
  for (const subject of subjects) relays.push(await startRelay(folder, subject));
  const figures = [];
  for (const bytes of sizes) {
    const sides = { floor: () => packets.ask({ port: barePort, bytes, ms, bare: true }) };
    for (const { name, port } of relays) sides[name] = () => packets.ask({ port, relay: "relay", bytes, ms });
    await inRounds(1, sides);
    const measured = await inRounds(rounds, sides);
    const of =
      (figure, factor) =>
      ([name, all]) => [name, median(all.map((each) => each[figure])) * factor];
    const side = (figure, factor) => Object.fromEntries(Object.entries(measured).map(of(figure, factor)));
    figures.push({ name: `${bytes} bytes`, unit: "1000/s", ...side("perSecond", 1e-3) });
    figures.push({ name: `${bytes} bytes, arrived`, unit: "%", ...side("arrived", 100) });
  }
  printReport(`datagrams through a relay, median of ${rounds} times ${ms} ms`, figures);
});

async function startRelay(folder, subject) {
  const place = join(folder, subject.name);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const [socket, config] = [join(place, "s"), join(place, "settings.yml")];
  const [port] = await freePorts(1);
  const sections = [
    { node: { id: "relay", datadir: join(place, "data") } },
    { "log-level": { level: "error" } },
    { "tcp-listener": { port, bindaddr: "127.0.0.1" } },
    { "control-service": { service: "control", filename: socket } },
  ];
  writeFileSync(config, sections.map((section) => `- ${JSON.stringify(section)}\n`).join(""));
  await startListener([...subject.argv, "-c", config], socket);
  return { name: subject.name, port };
}
