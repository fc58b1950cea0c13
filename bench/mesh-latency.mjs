/**
 * How long work on a neighbour takes to be heard of: from the request line of a submit to the first line of its output,
 * and from a line that a command there writes to whoever follows `work results` here.
 *
 * Floor: a server that runs the command for whoever connects, over TCP.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { readResults } from "./kit/control.mjs";
import { percentile } from "./kit/figures.mjs";
import { startLine, submitTo } from "./kit/line.mjs";
import { openLoad } from "./kit/load.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";
import { onStage } from "./kit/stage.mjs";
import { subjects } from "./kit/subject.mjs";

const rounds = 2;
const submits = scaled(30, 3);
/** Receptor polls once a second. */
const peerSubmits = scaled(5, 1);
const lines = scaled(200, 20);
const everyMs = 20;
const script = join(import.meta.dirname, "load", "ticking.mjs");

await onStage(async (folder) => {
  const [hello, ticking] = [openLoad("inetd"), openLoad("inetd")];
  const helloPort = await hello.ask({ command: "echo", args: ["hello"] });
  const tickingPort = await ticking.ask({ command: process.execPath, args: [script, String(lines), String(everyMs)] });
  const meshes = [];
  for (const subject of subjects) {
    const types = { hello: ["echo", "hello"], ticking: [process.execPath, `"${script}" ${lines} ${everyMs}`] };
    meshes.push(await startLine(folder, subject, 1, types));
  }
  const counts = { farhand: submits, receptor: peerSubmits };
  const firsts = { floor: () => repeat(submits, () => bareFirst(helloPort)) };
  const follows = { floor: () => followed((hear) => bareRead(tickingPort, hear)) };
  for (const { name, sockets, last } of meshes) {
    firsts[name] = () => repeat(counts[name], () => firstLine(sockets[0], last));
    follows[name] = () =>
      followed(async (hear) => readResults(sockets[0], await submitTo(sockets[0], last, "ticking"), hear));
  }
  await inRounds(1, firsts);
  const first = await inRounds(rounds, firsts);
  const follow = await inRounds(rounds, follows);
  for (const mesh of meshes) await mesh.stop();

  const [f50, f99, p50, p99] = [at(first, 50), at(first, 99), at(follow, 50), at(follow, 99)];
  printReport(`work on a neighbour: ${rounds * submits} submits; ${rounds * lines} lines ${everyMs} ms apart`, [
    { name: "submit → first line p50", unit: "ms", ...f50 },
    { name: "submit → first line p99", unit: "ms", ...f99 },
    { name: "written → seen p50", unit: "ms", ...p50, goal: { text: "≤ 10 ms", met: p50.farhand <= 10 } },
    { name: "written → seen p99", unit: "ms", ...p99 },
  ]);
});

function at(measured, p) {
  return Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, percentile(all.flat(), p)]));
}

async function repeat(count, measure) {
  const all = [];
  for (let n = 0; n < count; n++) all.push(await measure());
  return all;
}

async function firstLine(socket, node) {
  const start = performance.now();
  let ms;
  const id = await submitTo(socket, node, "hello");
  await readResults(socket, id, () => (ms ??= performance.now() - start));
  return ms;
}

async function bareFirst(port) {
  const start = performance.now();
  let ms;
  await bareRead(port, () => (ms ??= performance.now() - start));
  return ms;
}

async function bareRead(port, hear) {
  const socket = connect(port, "127.0.0.1");
  socket.on("data", hear);
  await once(socket, "close");
}

/** Milliseconds between each line's own time and its coming in. */
async function followed(read) {
  const delays = [];
  let rest = "";
  await read((chunk) => {
    const now = process.hrtime.bigint();
    const texts = (rest + chunk.toString()).split("\n");
    rest = texts.pop();
    for (const text of texts) delays.push(Number(now - BigInt(text)) / 1e6);
  });
  if (delays.length !== lines) throw new Error(`${delays.length} lines came instead of ${lines}`);
  return delays;
}
