/**
 * `npm run bench [name…]`: run benchmarks one after another, all of them unless some are named.
 *
 * Environment: BENCH_SCALE shrinks counts (0.1 for a quick look), BENCH_BYTES sets the size for `results`, RECEPTOR_BIN
 * names a real Receptor to measure beside us. Figures are printed, never judged by the exit code: that is 1 only when a
 * benchmark could not run. See docs/benchmarks.md.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";

/** More than any benchmark needs; one that hangs is ended, and clears up behind itself. */
const limitMs = 20 * 60_000;

const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".mjs") && name !== "run.mjs")
  .map((name) => name.slice(0, -".mjs".length));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exitCode = 2;
} else {
  console.log(machine());
  for (const name of asked.length > 0 ? asked : known) {
    if (!(await succeeds(name))) process.exitCode = 1;
  }
}

function machine() {
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`;
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  return `${cores}, ${memory}, Linux ${release()}, Node ${process.version}, load ${loadavg()[0]?.toFixed(2)}`;
}

async function succeeds(name) {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.mjs`)], {
    stdio: "inherit",
    timeout: limitMs,
  });
  // Ctrl-C reaches the benchmark by itself; a SIGTERM is passed on. Either way it clears up first.
  const wait = () => {};
  const pass = () => child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", pass);
  const [code] = await once(child, "exit");
  process.off("SIGINT", wait).off("SIGTERM", pass);
  if (code === 130) process.exit(130);
  if (code !== 0) console.error(`benchmark ${name} could not run`);
  return code === 0;
}
