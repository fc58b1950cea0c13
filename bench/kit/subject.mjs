import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcesses, processTree } from "./processes.mjs";

const root = join(import.meta.dirname, "..", "..");
const nodeId = "bench";
const startMs = 300_000;

/** What is measured: ourselves, and a real Receptor where RECEPTOR_BIN names one. Both read the same file. */
export const subjects = [
  { name: "farhand", argv: [process.execPath, join(root, "bin", "receptor")] },
  ...(process.env.RECEPTOR_BIN ? [{ name: "receptor", argv: [process.env.RECEPTOR_BIN] }] : []),
];

/** Folder below `folder` in which a subject keeps its units; units can be planted there before it starts. */
export function unitsFolder(folder, subject) {
  const path = join(folder, subject.name, nodeId);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/**
 * Start a daemon in `folder` and wait until its control socket has shown the banner; `startedInMs` says how long that took.
 *
 * `workTypes` maps a name to `[command, params]`; `more` are other sections, and `before` words that stand before the command.
 */
export async function startSubject(folder, subject, workTypes = {}, { before = [], more = [] } = {}) {
  const socket = join(folder, `${subject.name}.sock`);
  const config = join(folder, `${subject.name}.yml`);
  unitsFolder(folder, subject);
  writeFileSync(config, configuration(join(folder, subject.name), socket, workTypes, more));
  const { child, startedInMs } = await startListener([...before, ...subject.argv, "-c", config], socket);
  return { name: subject.name, pid: child.pid, socket, startedInMs, stop: () => stop(child) };
}

function configuration(dataDir, socket, workTypes, more) {
  const sections = [
    { node: { id: nodeId, datadir: dataDir } },
    { "log-level": { level: "error" } },
    "local-only",
    { "control-service": { service: "control", filename: socket } },
    ...Object.entries(workTypes).map(([worktype, [command, params]]) => ({
      "work-command": { worktype, command, params },
    })),
    ...more,
  ];
  // A line of JSON is a line of YAML.
  return sections.map((section) => `- ${JSON.stringify(section)}\n`).join("");
}

/** Start a program that will listen at `socket` and greet; time runs from its start to the first byte it says. */
export async function startListener([command, ...args], socket) {
  const log = `${socket}.log`;
  // One that was killed has left its socket behind.
  rmSync(socket, { force: true });
  const fd = openSync(log, "w");
  const start = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", fd, fd] });
  closeSync(fd);
  while (!(await greets(socket))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() - start > startMs)
      throw new Error(`${command} ${args.join(" ")} did not start:\n${readFileSync(log, "utf8")}`);
    await sleep(1);
  }
  return { child, startedInMs: performance.now() - start };
}

function greets(path) {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("data", () => {
      resolve(true);
      socket.destroy();
    });
  });
}

/** A daemon's commands are meant to outlive it, and its helpers leave by themselves; here nothing stays. */
async function stop(child) {
  const tree = processTree(child.pid);
  child.kill("SIGTERM");
  await endProcesses(tree.slice(0, 1), 10_000);
  await endProcesses(tree, 2_000);
}
