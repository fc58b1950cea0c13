import { notifySupervisor } from "#core";
import { loadService } from "#worker";
import { CliError } from "./errors.ts";
import { hearInterrupts } from "./interrupts.ts";
import { type LiveLog, liveLog } from "./live-log.ts";
import type { Terminal } from "./terminal.ts";
import type { WorkerStartOptions } from "./commands/worker-start.ts";
import { lifeOf } from "./server/labels.ts";

/** `farhand worker start`: until a signal ends it, or it is told to stop. A restart is one of this process's making. */
export async function runWorkerService(options: WorkerStartOptions, terminal: Terminal): Promise<number> {
  const { system, session } = options;
  const graceMs = graceOf(options);
  if (system && session)
    throw new CliError("USAGE", "--system and --session are different workers", { remedy: "give one" });
  terminal.outliveOutput();
  // Heard before there is anything to stop, so that a signal while it starts is not lost.
  const interrupts = hearInterrupts();
  using _parent = endWithParent();
  const orphans = isFirstProcess ? await orphansOf(terminal) : undefined;
  try {
    const log = await liveLog({ level: "info", format: "json" });
    const mode = system ? "system" : session ? "session" : undefined;
    const kept = { ...process.env };
    for (;;) {
      const how = await runOnce({ mode, kept, log, graceMs }, interrupts.signal);
      if (how !== "restart") return how === "stop" ? 0 : new CliError("TERMINATED", "units were interrupted").exit;
      log.info("starting anew");
    }
  } finally {
    await orphans?.close();
    interrupts.close();
  }
}

type Mode = "system" | "session" | undefined;

/** A container's: nobody else minds its orphans, and nothing in it outlives us. */
const isFirstProcess = process.pid === 1;
/** Less than the 10 s that containers are given to stop, milliseconds. */
const containerGraceMs = 8_000;

function graceOf({ stopGrace }: WorkerStartOptions): number | undefined {
  if (stopGrace !== undefined) return lifeOf(stopGrace);
  return isFirstProcess ? containerGraceMs : undefined;
}

async function orphansOf(terminal: Terminal) {
  const { reapOrphans } = await loadService();
  return reapOrphans({ debug: (text) => terminal.env["FARHAND_DEBUG"] && terminal.say(text) });
}

/** Who started us with a channel (an appliance) does not want us to outlive it: without it we end as by SIGTERM. */
function endWithParent(): Disposable {
  const end = (): void => void process.kill(process.pid, "SIGTERM");
  process.once("disconnect", end);
  // Undefined where nobody gave us a channel; gone already when who gave it ended while we were joining.
  if ("connected" in process && !process.connected) end();
  return { [Symbol.dispose]: () => void process.off("disconnect", end) };
}

/** What stays the same from start to start. */
interface Run {
  readonly mode: Mode;
  /**
   * The environment as it was given: secrets are taken out of this process's own, before it has helpers that would inherit
   * them (CAT-106), and a restart needs them again.
   */
  readonly kept: NodeJS.ProcessEnv;
  readonly log: LiveLog;
  /** Undefined: what runs goes on without us. */
  readonly graceMs: number | undefined;
}

/** One start, to its end. */
async function runOnce(
  { mode, kept, log, graceMs }: Run,
  signal: AbortSignal,
): Promise<"stop" | "restart" | "cut short"> {
  const { startService } = await loadService();
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
  let how: "stop" | "restart" | "cut short" = "stop";
  try {
    how = await Promise.race([fired(signal), service.ended]);
    if (how === "stop" && signal.aborted && graceMs !== undefined && (await service.drain("SIGTERM", graceMs)))
      how = "cut short";
  } finally {
    const isRestart = how === "restart";
    notifySupervisor({ stopping: !isRestart, status: isRestart ? "restarting" : "stopping" }, kept);
    const left = graceMs === undefined || isRestart ? "; units that run go on" : "";
    log.info(`${isRestart ? "restarting" : "stopping"}${left}`);
    await service.close(isRestart ? "restarting" : "stopped");
  }
  return how;
}

async function fired(signal: AbortSignal): Promise<"stop"> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return "stop";
}
