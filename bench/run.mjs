/**
 * `npm run bench [name…]`: run benchmarks one after another, all of them unless some are named. `mesh` and `server` name all
 * whose names begin with it.
 *
 * Environment: BENCH_SCALE shrinks counts (0.1 for a quick look), BENCH_BYTES sets the size for `results`, RECEPTOR_BIN
 * names a real Receptor to measure beside us, RECODEX_MONITOR the folder of the ReCodEx monitor, BENCH_DATABASE_URL an empty PostgreSQL for servers. Figures are printed, never
 * judged by the exit code: that is 1 only when a benchmark could not run. See docs/benchmarks.md.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { makeFolder } from "./kit/stage.mjs";

/** More than any benchmark needs; one that hangs is ended, and clears up behind itself. */
const limitMs = 45 * 60_000;

const mesh = ["latency", "transfer", "units", "relay", "convergence", "stubs"].map((name) => `mesh-${name}`);
const server = ["start", "run", "output", "forward", "restart", "heartbeats"].map((name) => `server-${name}`);
const groups = { mesh, server };
const known = [
  "start",
  "submit",
  "short-units",
  "follow",
  "results",
  "memory",
  "list",
  "direct-stream",
  "packet-index",
  "capture",
  "monitor",
  "pages",
  ...mesh,
  ...server,
];
const asked = process.argv.slice(2).flatMap((name) => groups[name] ?? [name]);
const unknown = asked.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exitCode = 2;
} else {
  await runAll(asked.length > 0 ? asked : known);
}

/**
 * Run them one by one. Ctrl-C reaches the running one by itself; other signals are passed on. Either way it clears up first.
 *
 * Nothing is deleted before the last benchmark is over: where ext4 has no journal, making a file gets slower with each
 * one that was deleted in the minutes before, and the next benchmark would pay for the last.
 */
async function runAll(names) {
  const folder = makeFolder();
  let child;
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      stopped = true;
      if (signal !== "SIGINT") child?.kill(signal);
    });
  }
  console.log(machine());
  try {
    for (const name of names) {
      child = start(name, folder);
      const [code] = await once(child, "exit");
      if (stopped) {
        process.exitCode = 130;
        return;
      }
      if (code !== 0) {
        console.error(`benchmark ${name} could not run`);
        process.exitCode = 1;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function machine() {
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`;
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  return `${cores}, ${memory}, Linux ${release()}, Node ${process.version}, load ${loadavg()[0]?.toFixed(2)}`;
}

function start(name, folder) {
  return spawn(process.execPath, [join(import.meta.dirname, `${name}.mjs`)], {
    stdio: "inherit",
    timeout: limitMs,
    env: { ...process.env, BENCH_FOLDER: folder },
  });
}
