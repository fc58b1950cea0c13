import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { errorText, type FileLock, type Log, timeLimit } from "#core";
import { FileConfiguration } from "../configuration/file-configuration.ts";
import { secretSource } from "../configuration/secret-source.ts";
import { WorkerError } from "../errors.ts";
import { readSettingsFile } from "../settings/mod.ts";
import { directiveFaults } from "../configuration/directives.ts";
import { type Account, type Mode, type ModePlaces, thisAccount } from "./places.ts";
import { type ResetStep, resetStepNames, takeStep } from "./reset-steps.ts";
import { becomeServiceAccount } from "./service-account.ts";
import { lockState, stateHolder } from "./state-lock.ts";
import { join } from "node:path";

export interface ResetOptions {
  readonly mode: Mode;
  readonly places: ModePlaces;
  readonly steps: ReadonlySet<ResetStep>;
  readonly log: Log;
  readonly account?: Account;
  readonly signal?: AbortSignal;
}

/** What a step did. */
export interface StepDone {
  readonly step: ResetStep;
  readonly says: string;
}

/** Longest wait for a service to stop. */
const stopMs = 60_000;

/**
 * Do the steps of a reset (CAT-115), with the authority of whoever owns the machine's account: no service is asked, so it
 * also works where nobody can log in any more. A service that runs is stopped first and comes back by its supervisor.
 *
 * @throws {WorkerError} RESET_REFUSED for anybody else. STATE_IN_USE when the service does not stop.
 */
export async function reset(options: ResetOptions): Promise<StepDone[]> {
  const { mode, places, steps, log, account = thisAccount() } = options;
  if (places.configFile === undefined)
    throw new WorkerError("RESET_REFUSED", "a cloud worker keeps nothing here: start its container anew");
  if (places.group !== undefined && account.uid !== 0)
    throw new WorkerError("RESET_REFUSED", "a system worker is reset by root: run this with sudo");
  const wasRunning = stopService(places.state);
  becomeServiceAccount(places);
  const lock = await heldWhenStopped(places.state, mode, options.signal);
  try {
    const configuration = await openQuietly(places, places.configFile, mode, log);
    const done: StepDone[] = [];
    for (const step of orderOf(steps)) done.push({ step, says: await takeStep(step, { places, configuration }) });
    configuration.close();
    if (steps.has("restart") || wasRunning) done.push({ step: "restart", says: restartText(wasRunning) });
    return done;
  } finally {
    lock.close();
  }
}

/** The last good configuration first: other steps change what holds then. */
function orderOf(steps: ReadonlySet<ResetStep>): Exclude<ResetStep, "restart">[] {
  const chosen = resetStepNames.filter((step) => steps.has(step) && step !== "restart");
  return chosen.sort((a, b) => Number(b === "last-good") - Number(a === "last-good")) as Exclude<
    ResetStep,
    "restart"
  >[];
}

function restartText(wasRunning: boolean): string {
  if (!wasRunning) return "it was not running: `farhand worker start`, or its system service";
  return "it was stopped; its supervisor brings it back, and without one `farhand worker start` does";
}

function stopService(state: string): boolean {
  const holder = stateHolder(state);
  if (holder === undefined) return false;
  if (holder === "unknown") return true;
  try {
    process.kill(holder.pid, "SIGTERM");
    return true;
  } catch (error) {
    const why = `process ${holder.pid} of ${holder.user} cannot be stopped: ${errorText(error)}`;
    throw new WorkerError("RESET_REFUSED", why, { cause: error });
  }
}

async function heldWhenStopped(state: string, mode: Mode, signal?: AbortSignal): Promise<FileLock> {
  const limit = timeLimit(stopMs);
  for (;;) {
    try {
      return lockState(state, mode);
    } catch (error) {
      if (!(error instanceof WorkerError) || error.code !== "STATE_IN_USE" || limit.aborted) throw error;
    }
    await sleep(50, undefined, signal ? { signal } : {});
  }
}

/** Without the environment of the service, which is not here, and without looking who may write: that is to be mended. */
function openQuietly(places: ModePlaces, file: string, mode: Mode, log: Log): Promise<FileConfiguration> {
  const environment = { overrides: [], faults: [], mode: undefined, configName: undefined, stateDir: undefined };
  return FileConfiguration.open({
    file,
    fileMode: places.configMode,
    folder: join(places.state, "configuration"),
    machine: { hostName: hostname(), mode, dataDir: places.units },
    environment,
    follow: secretSource({ ...process.env }, readSettingsFile),
    checks: {
      faults: ({ values }) => directiveFaults(values, { readFile: readSettingsFile }),
      warnings: async () => [],
    },
    apply: async () => {},
    log,
  });
}
