/**
 * `npm start`: a worker on embedded defaults, and one unit before your eyes.
 *
 * Starts `bin/farhand worker`, waits until its control socket answers, hands in the work type `hello`, prints its output
 * line by line as it is written and how it ended, says what to try next, and stays until the worker ends. Ctrl-C stops
 * both. A worker that runs already is used and left alone. `npm start` has built dist/ before this runs.
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

const program = join(import.meta.dirname, "..", "bin", "farhand");
const { state, socket } = defaultPlaces(process.env);
const address = parseControlAddress(`unix:${socket}`);
const stopping = new AbortController();
let worker;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
// npm that is told to end takes its shell along, but not us: then nobody would be left to stop the worker.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && stop(), 500).unref();

try {
  const pid = (await answers()) ? lockHolder(socket) : undefined;
  if (await answers())
    say(`A worker already runs here${pid ? ` (pid ${pid})` : ""}; using it. Its state is in ${state}`);
  else await startWorker();
  const unitId = await showUnit();
  sayWhatNext(unitId);
  if (worker) process.exitCode = await worker.ended;
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`npm start: ${error.message}`);
    process.exitCode = 1;
  }
  worker?.child.kill("SIGTERM");
  await worker?.ended;
}

/** The first signal asks the worker to stop, the second makes it. */
function stop() {
  stopping.abort(new Error("stopped"));
  worker?.child.kill("SIGTERM");
}

async function answers() {
  try {
    (await connectControl(address, { timeoutMs: 2_000 })).close();
    return true;
  } catch {
    return false;
  }
}

async function startWorker() {
  say(`Starting a worker. Its state is in ${state}`);
  // In a process group of its own: Ctrl-C reaches it once, through us.
  const child = spawn(process.execPath, [program, "worker"], {
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  worker = { child, ended };
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!(await answers())) {
    stopping.signal.throwIfAborted();
    if (isOver) throw new Error("the worker ended before its control socket answered; what it said stands above");
    await sleep(50, undefined, { signal: stopping.signal });
  }
}

async function showUnit() {
  const control = await connectControl(address, { signal: stopping.signal });
  const { unitId } = await submitUnit(control, { node: "localhost", workType: "hello" }, nothing());
  control.close();
  say(`Unit ${unitId} of work type hello runs on ${control.nodeId}:`);
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

function sayWhatNext(unitId) {
  const farhand = relative(process.cwd(), program) || program;
  const stays = worker ? "The worker goes on until Ctrl-C." : "The worker goes on.";
  say(`\n${stays} In another terminal, try:`);
  const tries = [
    [`${farhand} work list`, `${unitId} is in it`],
    [`echo "hello there" | ${farhand} work submit uppercase -f`, "a payload in, output and exit code out"],
    [`receptorctl --socket ${socket} status`, "the client you may have already"],
  ];
  const width = Math.max(...tries.map(([line]) => line.length));
  for (const [line, about] of tries) console.log(`  ${line.padEnd(width)}   # ${about}`);
}

function say(text) {
  console.log(text);
}
