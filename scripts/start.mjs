/**
 * `npm start`: two workers joined over the mesh, and one unit on the far one before your eyes.
 *
 * Starts `bin/farhand worker` twice, waits until the near one has a way to the far one, hands the work type `hello` to the
 * near one for the far one, prints its output line by line as it is written and how it ended, says what to try next, and
 * stays until the workers end. Ctrl-C stops all. A worker that runs here already is used and left alone. `npm start` has
 * built dist/ before this runs.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connectControl, parseControlAddress } from "#control";
import { submitUnit, unitOutput, unitStatus } from "#work";
import { lockHolder } from "../dist/cli/lock-holder.js";
import { defaultPlaces } from "../dist/cli/places.js";
import { farId, writeMesh } from "./start-mesh.mjs";

const program = join(import.meta.dirname, "..", "bin", "farhand");
const places = defaultPlaces(process.env);
const { state, socket } = places;
const address = parseControlAddress(`unix:${socket}`);
const stopping = new AbortController();
const workers = [];

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
// npm that is told to end takes its shell along, but not us: then nobody would be left to stop the worker.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && stop(), 500).unref();

try {
  const pid = (await answers(address)) ? lockHolder(socket) : undefined;
  if (await answers(address))
    say(`A worker already runs here${pid ? ` (pid ${pid})` : ""}; using it. Its state is in ${state}`);
  else await startWorkers();
  const node = await nodeToUse();
  const unitId = await showUnit(node);
  sayWhatNext(unitId, node);
  const codes = await Promise.all(workers.map(({ ended }) => ended));
  process.exitCode = codes.find((code) => code !== 0) ?? 0;
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`npm start: ${error.message}`);
    process.exitCode = 1;
  }
  for (const { child } of workers) child.kill("SIGTERM");
  await Promise.all(workers.map(({ ended }) => ended));
}

/** The first signal asks the workers to stop, the second makes them. */
function stop() {
  stopping.abort(new Error("stopped"));
  for (const { child } of workers) child.kill("SIGTERM");
}

async function answers(where) {
  try {
    (await connectControl(where, { timeoutMs: 2_000 })).close();
    return true;
  } catch {
    return false;
  }
}

async function startWorkers() {
  say(`Starting two workers that meet over the mesh. Their state is in ${state}`);
  const { nearFile, farFile, farSocket } = await writeMesh(places);
  await startWorker(farFile, parseControlAddress(`unix:${farSocket}`));
  await startWorker(nearFile, address);
}

async function startWorker(file, control) {
  // In a process group of its own: Ctrl-C reaches it once, through us.
  const child = spawn(process.execPath, [program, "worker", "-c", file], {
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  workers.push({ child, ended });
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!(await answers(control))) {
    stopping.signal.throwIfAborted();
    if (isOver) throw new Error("a worker ended before its control socket answered; what it said stands above");
    await sleep(50, undefined, { signal: stopping.signal });
  }
}

/** The far worker, once the near one has a way to it; of a worker that was here before, itself. */
async function nodeToUse() {
  const control = await connectControl(address, { signal: stopping.signal });
  try {
    for (;;) {
      const { RoutingTable } = await control.call({ command: "status", requested_fields: ["RoutingTable"] });
      if (Object.hasOwn(RoutingTable, farId)) return farId;
      if (workers.length === 0) return "localhost";
      await sleep(50, undefined, { signal: stopping.signal });
    }
  } finally {
    control.close();
  }
}

async function showUnit(node) {
  const control = await connectControl(address, { signal: stopping.signal });
  const { unitId } = await submitUnit(control, { node, workType: "hello" }, nothing());
  control.close();
  say(`Unit ${unitId} of work type hello runs on ${node === "localhost" ? control.nodeId : node}:`);
  const seen = await printOutput(unitId);
  const asking = await connectControl(address, { signal: stopping.signal });
  const status = await unitStatus(asking, unitId);
  asking.close();
  sayHowItEnded(status, seen);
  return unitId;
}

async function* nothing() {}

/** Print each line when it is written, and give length and SHA-256 of all of it. */
async function printOutput(unitId) {
  const control = await connectControl(address, { signal: stopping.signal });
  const hash = createHash("sha256");
  const text = new PassThrough();
  const printed = (async () => {
    for await (const line of createInterface({ input: text })) console.log(`  | ${line}`);
  })();
  let bytes = 0;
  for await (const chunk of unitOutput(control, unitId, 0)) {
    hash.update(chunk);
    bytes += chunk.length;
    text.write(chunk);
  }
  text.end();
  await printed;
  control.close();
  return { bytes, sha256: hash.digest("hex") };
}

function sayHowItEnded({ StateName, ExitCode, StdoutSize, StdoutSha256, RunSeconds = 0 }, { bytes, sha256 }) {
  say(`${StateName}: exit code ${ExitCode}, ${StdoutSize} bytes of output in ${RunSeconds.toFixed(1)} s`);
  const isSame = bytes === StdoutSize && sha256 === StdoutSha256;
  say(`sha256 ${StdoutSha256} (${isSame ? "the same as what was printed" : "NOT what was printed"})`);
  if (!isSame) throw new Error("the output that came is not the output of the final status");
}

function sayWhatNext(unitId, node) {
  const farhand = relative(process.cwd(), program) || program;
  const stays = workers.length > 0 ? "The workers go on until Ctrl-C." : "The worker goes on.";
  say(`\n${stays} In another terminal, try:`);
  const isFar = node === farId;
  const tries = [
    [`${farhand} work list`, `${unitId} is in it`],
    [`echo "hello there" | ${farhand} work submit uppercase -f`, "a payload in, output and exit code out"],
    ...(isFar ? [[`${farhand} work submit hello --node ${farId} --no-payload -f`, "the same on the far worker"]] : []),
    ...(isFar ? [[`${farhand} traceroute ${farId}`, "the way there"]] : []),
    [`receptorctl --socket ${socket} status`, "the client you may have already"],
  ];
  const width = Math.max(...tries.map(([line]) => line.length));
  for (const [line, about] of tries) console.log(`  ${line.padEnd(width)}   # ${about}`);
}

function say(text) {
  console.log(text);
}
