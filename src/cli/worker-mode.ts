import type { Terminal } from "./terminal.ts";
import { CliError } from "./errors.ts";
import type { WorkerModeOptions } from "./worker-mode-options.ts";

/** Which worker of this machine is meant. @throws {CliError} USAGE when both are. */
export function workerMode({ system, session }: WorkerModeOptions, env: Terminal["env"]) {
  if (system && session)
    throw new CliError("USAGE", "--system and --session are different workers", { remedy: "give one" });
  if (system) return "system";
  if (session) return "session";
  if (env["WORKER_MODE"] === "cloud" || env["WORKER_CONFIG"]) return "cloud";
  return process.getuid?.() === 0 ? "system" : "session";
}
