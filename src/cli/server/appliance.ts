import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { openLog, timeLimit } from "#core";
import type { UnitTaken } from "#fleet";
import { type Asker, type RunningServer, startServer } from "#server";
import { loadModes, version } from "#worker";
import type { ApplianceOptions } from "../commands/appliance.ts";
import { makeStateFolder } from "../embedded.ts";
import { CliError } from "../errors.ts";
import { hearInterrupts } from "../interrupts.ts";
import { defaultPlaces, type Places } from "../places.ts";
import type { Terminal } from "../terminal.ts";
import { nextLines, ownName, serverLines } from "./appliance-text.ts";
import { addressOf } from "./run-server.ts";

/** The worker must be there within this time, milliseconds. */
const joinMs = 60_000;
/** The worker of an appliance before this one has left within this time, milliseconds. */
const leaveMs = 15_000;
const script = 'for i in 1 2 3 4 5; do echo "hello $i of 5"; sleep 1; done\n';

/** This machine's owner, before anybody has logged in. */
const owner: Asker = {
  ...{ userId: "server", name: "the owner of this machine", roles: ["admin"], level: "admin", methods: ["local"] },
  ...{ loggedInAt: 0, session: "appliance" },
};

/** `farhand appliance`: until a signal, or the worker, ends it. */
export async function runAppliance({ listen }: ApplianceOptions, terminal: Terminal): Promise<number> {
  terminal.outliveOutput();
  const interrupts = hearInterrupts();
  const places = defaultPlaces(terminal.env);
  makeStateFolder(places.state);
  const dataDir = join(places.state, "server");
  const server = await startServer({
    dataDir,
    store: { kind: "sqlite", path: join(dataDir, "farhand.db") },
    listen: addressOf(listen ?? "127.0.0.1:8443"),
    version,
    log: await openLog("warning", "receptor"),
  });
  let worker: ChildProcess | undefined;
  try {
    for (const line of serverLines(server, places, process.getuid?.() === 0)) terminal.print(line);
    worker = await startWorker(server, places);
    const ended = once(worker, "exit").then(([code]) => Number(code ?? 1));
    const begun = showUnit(server, terminal, interrupts.signal);
    const name = await Promise.race([begun, ended.then((code) => diedEarly(code, places))]);
    tellNext(server, name, places, terminal);
    return await Promise.race([fired(interrupts.signal), ended]);
  } catch (error) {
    if (interrupts.signal.aborted) return 0;
    throw error;
  } finally {
    await stop(worker);
    await server.close();
    interrupts.close();
  }
}

/** A process of its own, as every worker is. The token goes in by stdin: neither argv nor environment hold it. */
async function startWorker(server: RunningServer, { state }: Places): Promise<ChildProcess> {
  await untilFree(state);
  const isMember = existsSync(join(state, "membership.json"));
  const [, program = ""] = process.argv;
  const words = isMember ? ["start"] : ["join", server.url, "--token-file", "-", "--tool-target", "any"];
  const log = openSync(join(state, "worker.log"), "a", 0o600);
  const env = { ...process.env, XDG_STATE_HOME: dirname(state), XDG_CONFIG_HOME: join(state, "config") };
  delete (env as Record<string, string>)["XDG_RUNTIME_DIR"];
  const child = spawn(process.execPath, [program, "worker", ...words, "--session"], {
    env,
    // By the channel it notices that we are gone, however that came about, and ends too.
    stdio: ["pipe", log, log, "ipc"],
    // In a process group of its own: Ctrl-C reaches it once, through us.
    detached: true,
  });
  child.stdin?.on("error", () => {});
  if (!isMember) child.stdin?.write((await server.core.enrolments.make({ mayReplace: true }, "server")).token);
  child.stdin?.end();
  return child;
}

/** The worker of an appliance that was killed is on its way out. Whoever else holds the folder, the new worker will say. */
async function untilFree(state: string): Promise<void> {
  const { stateHolder } = await loadModes();
  for (let waitedMs = 0; waitedMs < leaveMs && stateHolder(state); waitedMs += 100) await sleep(100);
}

/** Submit a unit through the server, print it live, and say how it ended. @returns the worker's name */
async function showUnit({ core }: RunningServer, terminal: Terminal, stopped: AbortSignal): Promise<string> {
  const { lines, registry } = core;
  const late = timeLimit(joinMs, stopped);
  let worker = (await registry.list()).find(({ id }) => lines.isConnected(id));
  while (!worker) {
    await sleep(50, undefined, { signal: late });
    worker = (await registry.list()).find(({ id, state }) => state === "online" && lines.isConnected(id));
  }
  const { id, name } = worker;
  terminal.print(`Worker:  ${name}, registered\n`);
  const taken = await lines.submit(id, { workType: "run" }, scriptOf(), owner, late);
  const { unit } = taken as UnitTaken;
  terminal.print(`Unit ${unit} of work type run on ${name}, through the server:`);
  const { stream } = await lines.open(id, { method: "units.results", params: { unit, from: 0 } }, owner, stopped);
  const seen = await printed(stream, terminal);
  const status = await lines.call(id, { method: "units.status", params: { unit } }, owner, stopped);
  const { stateName, exitCode, stdoutSize, sha256 } = status as Record<string, string>;
  if (seen.sha256 !== sha256) throw new CliError("OUTPUT_MISMATCH", "the output is not that of the final status");
  terminal.print(`${stateName}: exit code ${exitCode}, ${stdoutSize} bytes, sha256 ${sha256} (the same as printed)`);
  return name;
}

async function* scriptOf() {
  yield Buffer.from(script);
}

async function printed(stream: AsyncIterable<Uint8Array>, terminal: Terminal): Promise<{ sha256: string }> {
  const hash = createHash("sha256");
  const text = new PassThrough();
  const lines = (async () => {
    for await (const line of createInterface({ input: text })) terminal.print(`  | ${line}`);
  })();
  for await (const chunk of stream) {
    hash.update(chunk);
    text.write(chunk);
  }
  text.end();
  await lines;
  return { sha256: hash.digest("hex") };
}

function tellNext({ url }: RunningServer, worker: string, places: Places, terminal: Terminal): void {
  const [, program = ""] = process.argv;
  terminal.print("");
  const farhand = ownName(program, terminal.env, process.cwd());
  for (const line of nextLines({ url, worker, farhand }, places)) terminal.print(line);
}

function diedEarly(code: number, { state }: Places): never {
  const log = join(state, "worker.log");
  const why = readFileSync(log, "utf8")
    .split("\n")
    .findLast((line) => line.startsWith("farhand: "));
  const text = `the worker ended with ${code} before it could be used`;
  throw new CliError("WORKER_ENDED", why ? `${text}: ${why.slice("farhand: ".length)}` : text, {
    remedy: `${log} says more`,
  });
}

async function fired(signal: AbortSignal): Promise<number> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return 0;
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
