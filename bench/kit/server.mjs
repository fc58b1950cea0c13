import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openClient } from "./https-client.mjs";
import { freePorts } from "./line.mjs";
import { openLoad } from "./load.mjs";
import { endProcesses, processTree } from "./processes.mjs";

const program = join(import.meta.dirname, "..", "..", "bin", "farhand");
/** Node id of a server that is told none. */
const nodeId = "farhand-server";
const startMs = 120_000;

/** Name of the n-th worker that was planted. */
export function nameOf(n) {
  return `sim-${String(n).padStart(5, "0")}`;
}

/**
 * A folder in which a server can be started, with `workers` that have enrolled (their secrets in the file `members`), and
 * `users` that have a token each. The database is SQLite, or the PostgreSQL that BENCH_DATABASE_URL names: an empty one.
 */
export async function plantServer(folder, { workers = 0, users = 1 } = {}) {
  const dataDir = join(folder, "server");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const url = process.env.BENCH_DATABASE_URL;
  const store = url ? { kind: "postgres", url } : { kind: "sqlite", path: join(dataDir, "farhand.db") };
  const members = join(folder, "members.jsonl");
  const planting = openLoad("planting-fleet");
  const planted = await planting.ask({ dataDir, store, nodeId, members, workers, users });
  planting.close();
  const [port] = await freePorts(1);
  const ca = join(folder, "authority.crt");
  writeFileSync(ca, planted.authority);
  return { ...planted, dataDir, members, ca, port, url: `https://127.0.0.1:${port}`, store: store.kind };
}

/** Start it, and wait until it is ready to serve; `startedInMs` says how long that took. */
export async function startServer(planted, args = []) {
  const { dataDir, port, url, authority } = planted;
  const log = `${dataDir}.log`;
  const fd = openSync(log, "a");
  const words = ["server", "--data-dir", dataDir, "--listen", `127.0.0.1:${port}`, "--log", "warning", ...args];
  const nodeFlags = process.env.BENCH_NODE_FLAGS?.split(" ") ?? [];
  // A password stands in no command line.
  const env = {
    ...process.env,
    ...(planted.store === "postgres" && { FARHAND_DATABASE_URL: process.env.BENCH_DATABASE_URL }),
  };
  const start = performance.now();
  const child = spawn(process.execPath, [...nodeFlags, program, ...words], { stdio: ["ignore", fd, fd], env });
  closeSync(fd);
  while (!(await isReady(url, authority))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() - start > startMs)
      throw new Error(`the server did not start:\n${readFileSync(log, "utf8")}`);
    await sleep(2);
  }
  const startedInMs = performance.now() - start;
  const own = () => processTree(child.pid).slice(0, 1);
  return { pid: child.pid, startedInMs, own, stop: () => stop(child), kill: () => endProcesses(own()) };
}

/** The least that listens with TLS and answers: plain Node with the certificate of a server that was planted. */
export async function startBareHttps({ dataDir, url, port }) {
  const files = ["cert", "key"].map(
    (name) => `${name}: read(${JSON.stringify(join(dataDir, `server.${name === "key" ? name : "crt"}`))})`,
  );
  const listen = `const read = require("fs").readFileSync; require("https").createServer({${files.join(", ")}}, (_, answer) => answer.end("ok")).listen(${port}, "127.0.0.1")`;
  const start = performance.now();
  const child = spawn(process.execPath, ["-e", listen], { stdio: "ignore" });
  while (!(await isReady(url))) await sleep(2);
  const startedInMs = performance.now() - start;
  return { startedInMs, stop: () => endProcesses(processTree(child.pid)) };
}

async function isReady(url, authority) {
  const client = openClient({ url, authority });
  try {
    return (await client.ask("GET", "/readyz")).status === 200;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

async function stop(child) {
  const tree = processTree(child.pid);
  child.kill("SIGTERM");
  await endProcesses(tree, 30_000);
}
