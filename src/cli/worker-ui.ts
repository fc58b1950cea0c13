import { fileURLToPath } from "node:url";
import { loadModes } from "#worker";
import type { WorkerUiOptions } from "./commands/worker-ui.ts";
import { CliError } from "./errors.ts";
import { hearInterrupts } from "./interrupts.ts";
import { openLocalPages } from "./local-ui/local-pages.ts";
import { LocalWorker } from "./local-ui/local-worker.ts";
import type { Terminal } from "./terminal.ts";
import { expectAllowed } from "./worker-socket.ts";

/** Both `src/cli/` and `dist/program/` lie two below the root. */
const builtPages = fileURLToPath(new URL("../../dist/web", import.meta.url));

/** `farhand worker ui`: until Ctrl-C. @throws {CliError} WORKER_DENIED. */
export async function runLocalUi(options: WorkerUiOptions, terminal: Terminal): Promise<number> {
  const interrupts = hearInterrupts();
  const worker = await LocalWorker.of(options, terminal.env);
  // Pages that may do nothing are not opened.
  expectAllowed(worker.socket);
  // What the pages write is the service's; starting it is for root.
  (await loadModes()).becomeServiceAccount(worker.places, { kept: true });
  const pages = await openLocalPages(worker, builtPages, portIn(options));
  try {
    terminal.print(`Address: ${pages.url}`);
    terminal.print(`Code:    ${pages.code}`);
    terminal.say("The code lets one browser in, once. Ctrl-C ends the pages; the worker goes on.");
    const { signal } = interrupts;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    return 0;
  } finally {
    await pages.close();
    interrupts.close();
  }
}

function portIn({ port }: WorkerUiOptions): number | undefined {
  if (port === undefined) return undefined;
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 65_536;
  if (number > 65_535) throw new CliError("USAGE", `--port ${port} is none`, { remedy: "a number up to 65535" });
  return number;
}
