import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { killProcesses, processTree } from "./processes.mjs";

/** A new temporary folder. Unix socket paths end at 107 bytes, so its path is as short as it can be. */
export function makeFolder() {
  return mkdtempSync(join(tmpdir().length <= 20 ? tmpdir() : "/tmp", "fb-"));
}

/**
 * Run a benchmark with a temporary folder of its own. Whatever happens, an interruption too, in the end every process
 * below this one is gone and so is the folder; one that `npm run bench` gave is left for it to remove.
 */
export async function onStage(benchmark) {
  const given = process.env.BENCH_FOLDER;
  const folder = given ? join(given, basename(process.argv[1], ".mjs")) : makeFolder();
  mkdirSync(folder, { recursive: true });
  const clear = () => {
    killProcesses(processTree(process.pid).filter(({ pid }) => pid !== process.pid));
    if (!given) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => {
      clear();
      process.exit(130);
    });
  }
  try {
    await benchmark(folder);
  } finally {
    clear();
  }
  // Pipes of processes that were ended must not keep us.
  process.exit();
}
