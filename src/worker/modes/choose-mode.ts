import { WorkerError } from "../errors.ts";
import type { FromEnvironment } from "../configuration/environment.ts";
import type { Mode } from "./places.ts";

const modes: readonly Mode[] = ["session", "system", "cloud", "standalone", "appliance"];

/**
 * The mode of a start: what the command line says, else `WORKER_MODE`, else cloud where a configuration of the server is
 * named, else that of the account: the system's for root, a session for others.
 *
 * @throws {WorkerError} MODE_INVALID: there is no such mode, or the environment lacks what a cloud worker begins with.
 */
export function chooseMode(
  given: Mode | undefined,
  environment: FromEnvironment,
  { isRoot = false, isRegistered = false }: { readonly isRoot?: boolean; readonly isRegistered?: boolean } = {},
): Mode {
  const own = isRoot ? "system" : "session";
  const named = given ?? environment.mode ?? (environment.configName === undefined ? own : "cloud");
  const mode = modes.find((known) => known === named);
  if (!mode) throw new WorkerError("MODE_INVALID", `there is no mode ${named}: it is ${modes.join(", ")}`);
  const missing = mode === "cloud" ? missingForCloud(environment, isRegistered) : [];
  if (missing.length > 0)
    throw new WorkerError(
      "MODE_INVALID",
      `a cloud worker has nothing but its environment; set ${missing.join(" and ")}`,
    );
  return mode;
}

/** What the environment must say when there is no file to say it (CAT-3). */
function missingForCloud({ overrides, configName }: FromEnvironment, isRegistered: boolean): string[] {
  const has = (path: string): boolean => overrides.some((override) => override.path === path);
  const hasAccount = has("/server/user") && has("/server/password");
  const hasCredential = isRegistered || has("/server/enrolmentToken") || hasAccount;
  return [
    ...(has("/server/urls") ? [] : ["WORKER_SERVER_URL"]),
    ...(configName === undefined ? ["WORKER_CONFIG"] : []),
    ...(hasCredential ? [] : ["WORKER_TOKEN (or WORKER_TOKEN_FILE, or WORKER_USER and WORKER_PASSWORD)"]),
  ];
}
