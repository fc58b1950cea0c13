import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killProcesses, processTree } from "./processes.mjs";

/**
 * Run a benchmark with a temporary folder of its own. Whatever happens, an interruption too, in the end the folder is
 * gone and so is every process below this one, except what a subject's own `stop()` has ended before.
 */
export async function onStage(benchmark) {
  // Unix socket paths end at 107 bytes, so the folder is as short as it can be.
  const folder = mkdtempSync(join(tmpdir().length <= 20 ? tmpdir() : "/tmp", "fb-"));
  const clear = () => {
    killProcesses(processTree(process.pid).filter(({ pid }) => pid !== process.pid));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
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
