import { silentLog } from "#core";
import { loadModes } from "#worker";
import { CliError } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The files of a worker that does not run. Behind the back of a root process nobody's command writes: only the user's own file is
 * edited directly (CAT-30).
 *
 * @param silent why the worker itself was not asked. @throws {CliError} WORKER_SILENT for a worker of another mode.
 */
export async function openOwnSetup(mode: "system" | "session" | "cloud", env: Terminal["env"], silent: CliError) {
  if (mode !== "session")
    throw new CliError("WORKER_SILENT", `${silent.message} (CAT-30: a ${mode} worker is edited through its service)`, {
      cause: silent,
      remedy: "start the service, then edit through it",
    });
  const { openSetup } = await loadModes();
  return await openSetup({ mode, env: { ...env }, apply: () => Promise.resolve(), log: silentLog });
}
