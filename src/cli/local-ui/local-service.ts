import { execFile, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { errorText, timeLimit } from "#core";
import { loadModes } from "#worker";
import { CliError } from "../errors.ts";
import type { LocalWorker } from "./local-worker.ts";

/** Longest wait for a worker to stop or to answer, milliseconds. */
const patienceMs = 30_000;
/** Its name at the system's supervisor. */
export const systemUnit = "farhand-worker";

/** Start the worker of this machine, as its user or by the system's supervisor, and wait until it answers. */
export async function startWorker(worker: LocalWorker): Promise<void> {
  if (await worker.answers()) return;
  if (worker.mode === "system") await startSystem();
  else await startSession(worker);
  await until(() => worker.answers(), `the worker does not answer; its log is in ${logFile(worker)}`);
}

/** The system asks for no password here: who may not start units is told so. */
async function startSystem(): Promise<void> {
  const { asRoot } = await loadModes();
  try {
    await asRoot(() => promisify(execFile)("systemctl", ["--no-ask-password", "start", systemUnit]));
  } catch (error) {
    const [said = ""] = ((error as { readonly stderr?: string }).stderr ?? "").split("\n");
    throw new CliError("WORKER_SILENT", `the service ${systemUnit} was not started: ${said || errorText(error)}`, {
      cause: error,
      remedy: `as root: \`systemctl start ${systemUnit}\`; \`journalctl -u ${systemUnit}\` tells why it does not`,
    });
  }
}

/** Stop it, whoever runs it; its units go on. */
export async function stopWorker(worker: LocalWorker): Promise<void> {
  const { stateHolder } = await loadModes();
  const isGone = async (): Promise<boolean> => stateHolder(worker.places.state) === undefined;
  if (await isGone()) return;
  await worker.ask("worker.stop");
  await until(isGone, "the worker does not stop");
}

/** What a worker that these pages have started writes. */
export const logFile = ({ places }: LocalWorker): string => join(places.state, "worker.log");

/** It outlives the pages and whoever opened them; its log goes to a file of its own. */
async function startSession(worker: LocalWorker): Promise<void> {
  const program = process.argv[1] ?? "";
  if (!existsSync(program)) throw new CliError("LOCAL_INVALID", "this program cannot start itself again");
  mkdirSync(worker.places.state, { recursive: true, mode: 0o700 });
  const log = openSync(logFile(worker), "a", 0o600);
  try {
    const child = spawn(process.execPath, [program, "worker", "start", `--${worker.mode}`], {
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...worker.env },
    });
    const failed = new Promise<never>((_resolve, reject) => child.once("error", reject));
    await Promise.race([failed, new Promise((resolve) => child.once("spawn", resolve))]);
    child.unref();
  } finally {
    closeSync(log);
  }
}

async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  const limit = timeLimit(patienceMs);
  while (!(await holds())) {
    if (limit.aborted) throw new CliError("WORKER_SILENT", otherwise, { remedy: "`farhand worker doctor` finds out" });
    await sleep(50);
  }
}
