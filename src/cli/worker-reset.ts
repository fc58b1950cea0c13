import { silentLog } from "#core";
import { loadModes } from "#worker";
import type { WorkerResetOptions } from "./commands/worker-reset.ts";
import { CliError } from "./errors.ts";
import type { Terminal } from "./terminal.ts";
import { workerMode } from "./worker-mode.ts";

/** Show what will be done, ask, do it. @throws {CliError} USAGE without a step. */
export async function resetWorker(options: WorkerResetOptions, terminal: Terminal): Promise<number> {
  const { placesOf, reset, resetStepNames, resetSteps } = await loadModes();
  const chosen = {
    socket: options.newSocket,
    password: options.password,
    api: options.api,
    "last-good": options.lastGood,
    registration: options.registration,
    restart: options.restart,
  } as const;
  const steps = resetStepNames.filter((step) => chosen[step] || (options.all && step !== "registration"));
  if (steps.length === 0)
    throw new CliError("USAGE", "no step was chosen", { remedy: "--all, or some of them: --help" });
  const mode = workerMode(options, terminal.env);
  const places = placesOf(mode, terminal.env);
  terminal.say(`reset of the worker in ${places.state} (mode ${mode}):`);
  for (const step of steps) terminal.say(`  ${resetSteps[step]}`);
  if (!options.yes && !(await isSure(terminal))) return 1;
  const done = await reset({ mode, places, steps: new Set(steps), log: silentLog });
  if (options.json) terminal.print(JSON.stringify(done));
  else for (const { step, says } of done) terminal.print(`${step}: ${says}`);
  return 0;
}

async function isSure(terminal: Terminal): Promise<boolean> {
  terminal.say("go on? [y/N]");
  for await (const chunk of terminal.stdin)
    return /^\s*y(es)?\s*$/i.test(Buffer.from(chunk).toString().split("\n")[0] ?? "");
  return false;
}
