/**
 * The relay of live progress: messages a second in, deliveries a second out to 1, 100 and 1,000 viewers, the way of one message
 * at low load, memory for a message and for a viewer, and what is lost when a broker sends all at once.
 *
 * Floor: a bare Node relay that copies what comes to every socket, without reading it. Beside us the original, when
 * RECODEX_MONITOR names its folder (and FARHAND_PYTHON a Python with pyzmq, websockets and PyYAML).
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { median, percentile } from "./kit/figures.mjs";
import { openLoad } from "./kit/load.mjs";
import { memoryOf, processTree } from "./kit/processes.mjs";
import { printReport } from "./kit/report.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { viewedBytes } from "./load/zmtp-bytes.mjs";

const python = process.env.FARHAND_PYTHON ?? "python3";
const original = process.env.RECODEX_MONITOR;
const hasZmq = spawnSync(python, ["-c", "import zmq"]).status === 0;
const rounds = 3;
/** Messages for so many viewers: some seconds of each. */
const audiences = [
  [1, scaled(600_000, 2_000)],
  [100, scaled(60_000, 1_000)],
  [1_000, scaled(10_000, 500)],
];
const burst = scaled(50_000, 1_000);
const idle = scaled(1_000, 100);
const buffered = scaled(500_000, 5_000);
let started = 0;

await onStage(async (folder) => {
  const sides = {
    floor: bareSide,
    farhand: () => ourSide(folder),
    ...(original && { receptor: () => originalSide(folder) }),
  };
  const measured = {};
  for (const [name, open] of Object.entries(sides)) measured[name] = await measure(name, open);
  const row = (name, unit, key, goal) => ({
    ...{ name, unit, floor: measured.floor[key], farhand: measured.farhand[key], receptor: measured.receptor?.[key] },
    ...(goal && { goal: { text: goal.text, met: goal.met(measured.farhand[key]) } }),
  });
  const fast = { text: "≥ 300,000/s", met: (figure) => figure >= 300_000 };
  const wide = { text: "≥ 1,000,000/s", met: (figure) => figure >= 1_000_000 };
  printReport(`relay of progress${original ? " (Receptor: the ReCodEx monitor)" : ""}`, [
    row("messages in, to one viewer", "1/s", "out1", fast),
    row("deliveries to 100 viewers", "1/s", "out100", wide),
    row("deliveries to 1000 viewers", "1/s", "out1000", wide),
    row("way of one message, p50", "ms", "p50"),
    row("way of one message, p99", "ms", "p99"),
    row("memory for a buffered message", "bytes", "messageBytes"),
    row("memory for an idle viewer", "kB", "viewerKb"),
    ...(hasZmq ? [row(`lost of ${burst} that libzmq sent at once`, "messages", "lost")] : []),
  ]);
});

async function measure(name, open) {
  const figures = {};
  for (const [viewers, messages] of audiences) {
    const perSecond = [];
    for (let n = 0; n < rounds; n++) perSecond.push(await deliveries(open, viewers, messages));
    figures[`out${viewers}`] = median(perSecond);
  }
  const took = await withSide(open, async ({ port, zeroMq }) => {
    const load = openLoad("watching-channel");
    const all = await load.ask({ roundTrips: scaled(500, 50), port, zeroMq, everyMs: 5 });
    load.close();
    return all;
  });
  Object.assign(figures, { p50: percentile(took, 50), p99: percentile(took, 99) });
  figures.viewerKb = await perViewer(open);
  if (name === "floor") return figures;
  figures.messageBytes = await perMessage(open);
  if (hasZmq) figures.lost = await lostOf(open);
  return figures;
}

async function withSide(open, work) {
  const side = await open();
  try {
    return await work(side);
  } finally {
    await side.close();
  }
}

/** Deliveries a second: from the first byte sent to the last one each viewer waits for. */
async function deliveries(open, viewers, messages) {
  return withSide(open, async ({ port, zeroMq, bytesEach }) => {
    const [sender, watcher] = [openLoad("sending-progress"), openLoad("watching-channel")];
    await sender.ask({ connectTo: zeroMq });
    await watcher.ask({ watch: "job", port, viewers, expected: messages * bytesEach });
    await sleep(200);
    const over = watcher.ask({ wait: true });
    const start = await sender.ask({ channel: "job", count: messages });
    const end = await over;
    for (const load of [sender, watcher]) load.close();
    return (viewers * messages * 1e3) / Math.max(1, end - start);
  });
}

/** Growth of its memory by so many messages of a thousand channels, in bytes for each. */
async function perMessage(open) {
  return withSide(open, async ({ pid, zeroMq }) => {
    const before = memoryOf(processTree(pid)).pss;
    const sender = openLoad("sending-progress");
    await sender.ask({ connectTo: zeroMq });
    await sender.ask({ channel: "job", count: buffered, channels: 1_000 });
    await settled(pid);
    sender.close();
    return ((memoryOf(processTree(pid)).pss - before) / buffered) * 1e6;
  });
}

async function perViewer(open) {
  return withSide(open, async ({ pid, port }) => {
    const before = memoryOf(processTree(pid)).pss;
    const watcher = openLoad("watching-channel");
    await watcher.ask({ watch: "idle", port, viewers: idle, expected: Number.MAX_SAFE_INTEGER });
    await settled(pid);
    const after = memoryOf(processTree(pid)).pss;
    watcher.close();
    return ((after - before) / idle) * 1e3;
  });
}

/** Until its memory stands still. */
async function settled(pid) {
  for (let before = 0, now = memoryOf(processTree(pid)).pss; Math.abs(now - before) > 0.2; ) {
    await sleep(1_000);
    [before, now] = [now, memoryOf(processTree(pid)).pss];
  }
}

async function lostOf(open) {
  return withSide(open, async ({ port, zeroMq }) => {
    const sender = spawn(python, [
      join(import.meta.dirname, "load", "broker-burst.py"),
      `tcp://127.0.0.1:${zeroMq}`,
      "job",
      String(burst),
    ]);
    const [came] = await Promise.all([messagesUntilEnd(port), once(sender, "exit")]);
    return burst - came;
  });
}

/** How many messages the channel `job` has until its end. */
async function messagesUntilEnd(port) {
  const socket = connect({ port, host: "127.0.0.1" });
  const head =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  socket.write(`${head}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
  await once(socket, "data");
  socket.write(Buffer.from([0x81, 0x83, 0, 0, 0, 0, ...Buffer.from("job")]));
  const chunks = [];
  for await (const chunk of socket) {
    chunks.push(chunk);
    if (Buffer.concat(chunks.slice(-2)).includes('"FINISHED"}')) break;
  }
  return Buffer.concat(chunks).toString("latin1").split('"task_id"').length - 1;
}

async function bareSide() {
  const load = openLoad("bare-fan-out");
  const { zeroMq, port } = await load.ask({});
  // It is sent what senders send, which is a little less than what viewers of a monitor get.
  return { pid: load.pid, port, zeroMq, bytesEach: 2 + 3 + 2 + 4 + 2 + 8 + 2 + 9, close: () => load.close() };
}

async function ourSide(folder) {
  const storage = { folder: join(folder, `channels-${started++}`) };
  return await programSide(folder, { storage, viewers: { max: 5_000, "max-lag": "1GiB" } }, (config) => [
    process.execPath,
    [join(import.meta.dirname, "..", "bin", "farhand"), "monitor", "-c", config],
  ]);
}

async function originalSide(folder) {
  return await programSide(folder, {}, (config) => [python, [join(original, "main.py"), "-c", config]]);
}

async function programSide(folder, more, commandOf) {
  const [port, zeroMq] = [await freePort(), await freePort()];
  const config = join(folder, `monitor-${started++}.yml`);
  const logger = { file: join(folder, "monitor.log"), level: "info" };
  writeFileSync(
    config,
    JSON.stringify({ websocket_uri: ["127.0.0.1", port], zeromq_uri: ["127.0.0.1", zeroMq], logger, ...more }),
  );
  const [command, words] = commandOf(config);
  const child = spawn(command, words, { stdio: ["ignore", "ignore", "inherit"] });
  await Promise.all([answers(port), answers(zeroMq)]);
  const close = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { pid: child.pid, port, zeroMq, bytesEach: viewedBytes, close };
}

async function answers(port) {
  for (let left = 200; left > 0; left--) {
    const socket = connect(port, "127.0.0.1");
    const isThere = await new Promise((resolve) =>
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false)),
    );
    socket.destroy();
    if (isThere) return;
    await sleep(50);
  }
  throw new Error(`nobody listens at port ${port}`);
}

async function freePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
