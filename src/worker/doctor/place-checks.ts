import { accessSync, constants, existsSync, lstatSync, statfsSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { errorText, systemCode } from "#core";
import type { WorkerConfiguration } from "../configuration/effective.ts";
import { watcherWarnings } from "../configuration/watcher-checks.ts";
import { writableByOthers } from "../configuration/file-hygiene.ts";
import { stateHolder } from "../modes/state-lock.ts";
import { type Check, type DoctorFacts, fail, ok, type Verdict, warning } from "./finding.ts";

/** Oldest Node that will do. */
const leastNode = [20, 19] as const;
/** Below so many bytes units fail soon. */
const leastFreeBytes = 256 * 1024 * 1024;

const asAdmin = "run this as the service's account, root or a workeradmin";

/** Checks of this machine: files, folders, processes, sockets (CAT-113). */
export const placeChecks: readonly Check[] = [
  { name: "configuration file", look: ({ places, mode }) => readableFile(places.configFile, mode) },
  { name: "configuration", look: ({ faults, isConfigured }) => sound(faults, isConfigured) },
  { name: "permissions", look: ({ places, uid }) => unwritable(places.configFile, uid) },
  { name: "state folder", look: ({ places }) => usableFolder(places.state) },
  { name: "service", look: ({ places }) => running(places.state) },
  { name: "socket", look: ({ places, values }) => socketAnswers(places, values?.socket.enabled ?? true) },
  { name: "watchers", look: ({ values, watchers }) => values && watchedFolders(values, watchers) },
  { name: "disk", look: ({ places, values }) => freeSpace(values?.dataDir ?? places.units) },
  { name: "node", look: () => recentNode(process.versions.node) },
];

function readableFile(file: string | undefined, mode: string): Verdict | undefined {
  if (file === undefined) return undefined;
  try {
    accessSync(file, constants.R_OK);
    return ok(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT")
      return warning(`${file} is not there: the worker is unconfigured`, "write it, or `farhand worker join URL`");
    const who = mode === "system" ? "root or a member of workeradmin" : "the user it belongs to";
    return fail(`${file} cannot be read: ${errorText(error)}`, `run this as ${who}`);
  }
}

function sound(faults: readonly string[], isConfigured: boolean): Verdict | undefined {
  const [first, ...others] = faults;
  if (first === undefined) return isConfigured ? ok("it can be used") : undefined;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return fail(
    `${first}${more}`,
    "put that place right; `farhand worker reset --last-good` brings back the last good one",
  );
}

function unwritable(file: string | undefined, uid: number): Verdict | undefined {
  if (file === undefined) return undefined;
  const fault = writableByOthers(file, { uid });
  if (fault === undefined) return ok("nobody else can write the configuration");
  const [what = fault, cure = "chmod go-w"] = fault.split(/: (?=ch)/);
  return fail(what, cure);
}

/** What the watchers themselves say, else what the folders say to whoever looks now. */
async function watchedFolders(values: WorkerConfiguration, watchers: DoctorFacts["watchers"]) {
  const { length } = values.watchers;
  if (length === 0) return undefined;
  const told = watchers?.flatMap(({ name, state, reason }) =>
    state === "trouble" ? [`${name}: ${reason ?? ""}`] : [],
  );
  const [first, ...others] = told ?? (await watcherWarnings(values)).map(({ path, reason }) => `${path}: ${reason}`);
  if (first === undefined) return ok(`${length} watched ${length === 1 ? "folder" : "folders"}`);
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return warning(`${first}${more}`, "put that folder right; docs/tasks/watch-folders.md says what each of these means");
}

function usableFolder(state: string): Verdict | undefined {
  const nearest = existingAbove(state);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
    if (!lstatSync(nearest).isDirectory()) throw new Error("it is no folder");
    return ok(state);
  } catch (error) {
    return fail(
      `${nearest} cannot be used: ${errorText(error)}`,
      `give the service's account ${nearest} (chown, chmod u+rwx)`,
    );
  }
}

function running(state: string): Verdict {
  try {
    const holder = stateHolder(state);
    if (holder === undefined)
      return warning("it is not running", "`farhand worker start`, or `systemctl start farhand-worker`");
    return ok(holder === "unknown" ? "it is starting" : `process ${holder.pid} of ${holder.user}, mode ${holder.mode}`);
  } catch (error) {
    const isClosed = error instanceof Error && systemCode(error.cause) === "EACCES";
    if (isClosed) return warning(`${state} is closed to this account: nobody can see here whether it runs`, asAdmin);
    return fail(errorText(error), `remove what stands at ${state}/service.lock`);
  }
}

async function socketAnswers({ socket, state }: { readonly socket: string; readonly state: string }, isOn: boolean) {
  if (!isOn) return warning("the local socket is switched off", "set /socket/enabled to true");
  // A service that does not run has no socket; that was said already.
  if (!isHeld(state)) return undefined;
  const fault = await dialSocket(socket);
  if (fault === undefined) return ok(socket);
  const cure = fault === "EACCES" ? asAdmin : "restart the service";
  return fail(`the service runs, but ${socket} does not answer (${fault})`, cure);
}

/** Whether a service runs with the state folder, as far as can be told. */
export function isHeld(state: string): boolean {
  try {
    return stateHolder(state) !== undefined;
  } catch {
    return false;
  }
}

function dialSocket(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket
      .once("connect", () => resolve(undefined))
      .once("error", (error) => resolve(systemCode(error) ?? error.message));
    socket.once("connect", () => socket.destroy());
  });
}

function freeSpace(folder: string): Verdict {
  const nearest = existingAbove(folder);
  const { bavail, bsize } = statfsSync(nearest);
  const free = Math.floor((bavail * bsize) / 1024 / 1024);
  if (bavail * bsize >= leastFreeBytes) return ok(`${free} MiB free at ${nearest}`);
  return fail(
    `only ${free} MiB are free at ${nearest}`,
    "free some space, release old units, or name a folder on another disk (dataDir)",
  );
}

/** Whether a version of Node will do. */
export function recentNode(version: string): Verdict {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return ok(`Node ${version}`);
  return fail(`Node ${version} is too old`, `install Node ${leastNode.join(".")} or newer`);
}

function existingAbove(path: string): string {
  let at = path;
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at);
  return at;
}
