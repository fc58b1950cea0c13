import { loadModes, loadService } from "#worker";
import { CliError } from "./errors.ts";
import { hearInterrupts } from "./interrupts.ts";
import { type LiveLog, liveLog } from "./live-log.ts";
import type { Terminal } from "./terminal.ts";
import type { WorkerModeOptions } from "./worker-mode-options.ts";

/** `farhand worker start`: until a signal ends it, or it is told to stop. A restart is one of this process's making. */
export async function runWorkerService({ system, session }: WorkerModeOptions, terminal: Terminal): Promise<number> {
  if (system && session)
    throw new CliError("USAGE", "--system and --session are different workers", { remedy: "give one" });
  terminal.outliveOutput();
  // Heard before there is anything to stop, so that a signal while it starts is not lost.
  const interrupts = hearInterrupts();
  try {
    const log = await liveLog({ level: "info", format: "json" });
    const mode = system ? "system" : session ? "session" : undefined;
    const kept = { ...process.env };
    while ((await runOnce(mode, kept, log, interrupts.signal)) === "restart") log.info("starting anew");
    return 0;
  } finally {
    interrupts.close();
  }
}

type Mode = "system" | "session" | undefined;

/**
 * One start, to its end.
 *
 * @param kept the environment as it was given: secrets are taken out of this process's own, before it has helpers that
 * would inherit them (CAT-106), and a restart needs them again.
 */
async function runOnce(
  mode: Mode,
  kept: NodeJS.ProcessEnv,
  log: LiveLog,
  signal: AbortSignal,
): Promise<"stop" | "restart"> {
  const [{ startService }, { notifySupervisor }] = await Promise.all([loadService(), loadModes()]);
  const { env } = process;
  Object.assign(env, kept);
  // What a unit says must not be taken for ours.
  delete env["NOTIFY_SOCKET"];
  const service = await startService({ mode, env, log, logAs: (form) => log.become(form) });
  const { setup } = service;
  notifySupervisor(
    { ready: true, status: `mode ${setup.mode}, configuration ${setup.configuration.written.state}` },
    kept,
  );
  let how: "stop" | "restart" = "stop";
  try {
    how = await Promise.race([fired(signal), service.ended]);
  } finally {
    notifySupervisor({ stopping: how === "stop", status: how === "stop" ? "stopping" : "restarting" }, kept);
    log.info(how === "stop" ? "stopping; units that run go on" : "restarting; units that run go on");
    await service.close(how === "stop" ? "stopped" : "restarting");
  }
  return how;
}

async function fired(signal: AbortSignal): Promise<"stop"> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return "stop";
}
