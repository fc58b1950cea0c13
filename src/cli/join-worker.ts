import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { type JsonObject, openLog, timeLimit } from "#core";
import { loadService } from "#worker";
import type { WorkerJoinOptions } from "./commands/worker-join.ts";
import { CliError } from "./errors.ts";
import { unreadable } from "./files.ts";
import { hearInterrupts } from "./interrupts.ts";
import type { Terminal } from "./terminal.ts";
import { workerMode } from "./worker-mode.ts";

/** Joining may take so long, milliseconds. */
const joinMs = 60_000;

/** The work type by which `farhand run` sends scripts. */
export const runType = { worktype: "run", command: "sh", params: "-s --", allowruntimeparams: true };

/** `farhand worker join`. */
export async function joinWorker(url: string, options: WorkerJoinOptions, terminal: Terminal): Promise<number> {
  if (options.replace && options.add)
    throw new CliError("USAGE", "--replace and --add are different wishes", { remedy: "give one" });
  const { name, serverUrl } = await joined(url, options, terminal);
  terminal.print(`This machine is ${name} now, a worker of ${serverUrl}.`);
  if (options.start === false) return 0;
  const { runWorkerService } = await import("./worker-service.ts");
  return await runWorkerService(options, terminal);
}

async function joined(url: string, options: WorkerJoinOptions, terminal: Terminal) {
  const { joinServer } = await loadService();
  const { ca, pin, name, label = [], road } = options;
  const token = await tokenOf(options, terminal);
  using waiting = patienceFor(token);
  return await joinServer({
    serverUrl: url.replace(/\/+$/, ""),
    ...{ token, pin, name },
    waiting: (fingerprint) => tellWaiting(fingerprint, terminal),
    labels: label.length === 0 ? undefined : Object.fromEntries(label.map(labelOf)),
    ca: ca === undefined ? undefined : await read(ca),
    roads: road && (await Promise.all(road.map(roadOf))),
    workTypes: options.run === false ? [] : [runType],
    tools: toolsOf(options),
    sameMachine: options.replace ? "replace" : options.add ? "add" : undefined,
    mode: workerMode(options, terminal.env),
    env: { ...process.env },
    log: await openLog("warning", "receptor"),
    signal: waiting.signal,
  });
}

/** With the usual lists, or for the hosts that were named. */
function toolsOf({ tools, toolTarget }: WorkerJoinOptions): Readonly<Record<string, JsonObject>> | undefined {
  if (toolTarget) return { all: { targets: [...toolTarget] } };
  return tools && { all: {} };
}

/** A person takes their time; a token is looked at at once. */
function patienceFor(token: string | undefined): Disposable & { readonly signal: AbortSignal } {
  if (token !== undefined) return { signal: timeLimit(joinMs), [Symbol.dispose]: () => {} };
  const interrupts = hearInterrupts();
  return { signal: interrupts.signal, [Symbol.dispose]: () => interrupts.close() };
}

function tellWaiting(fingerprint: string, terminal: Terminal): void {
  terminal.print(`Fingerprint of this machine: ${fingerprint}`);
  terminal.say(`An administrator of the server lets it in: farhand workers approve ${fingerprint}`);
}

async function tokenOf({ token, tokenFile }: WorkerJoinOptions, terminal: Terminal): Promise<string | undefined> {
  if (token !== undefined && tokenFile !== undefined)
    throw new CliError("USAGE", "there are two tokens", { remedy: "--token-file FILE, or --token TOKEN: not both" });
  if (token !== undefined || tokenFile === undefined) return token;
  if (tokenFile !== "-") return (await read(tokenFile ?? "")).trim();
  return (await textOf(terminal.stdin)).trim();
}

function labelOf(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new CliError("USAGE", `label ${text} has no value`, { remedy: "write NAME=VALUE" });
  return [name, value];
}

/** As a document has it. */
async function roadOf(text: string) {
  const [, kind, where = ""] = /^(tcp|ws|http|amqp)=(.+)$/s.exec(text) ?? [];
  if (kind === "tcp") return { kind, address: where };
  if (kind === "ws" || kind === "http") return { kind, url: where };
  if (kind === "amqp") return { kind, url: { $secret: { value: (await read(where)).trim() } }, hub: "farhand-server" };
  throw new CliError("USAGE", `road ${text} is none`, { remedy: "tcp=HOST:PORT, ws=URL, http=URL, or amqp=FILE" });
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
}
