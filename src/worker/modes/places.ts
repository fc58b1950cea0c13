import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";

/** How a worker is set up (spec CAT §1). Standalone and appliance live where session or system do. */
export type Mode = "session" | "system" | "cloud" | "standalone" | "appliance";

/** Who a worker runs as, as far as its folders depend on it. */
export interface Account {
  readonly uid: number;
  readonly home: string;
}

/** Where a worker of a mode keeps what. Nothing else is written. */
export interface ModePlaces {
  /** `worker.yaml`; undefined in cloud mode, where there is none. */
  readonly configFile: string | undefined;
  /** Permissions of that file. */
  readonly configMode: number;
  /** What must outlive a restart: identity, history, registration. */
  readonly state: string;
  /** Default folder of the units. */
  readonly units: string;
  /** Management socket (CAT-14). */
  readonly socket: string;
  /** Control socket of the node. */
  readonly control: string;
  /** Group that may use the sockets and read the file besides the account. */
  readonly group: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Group of those who manage a system worker on its machine (CAT-10, CAT-14). */
export const adminGroup = "workeradmin";

/** The account of this process. */
export function thisAccount(): Account {
  return { uid: process.getuid?.() ?? 0, home: homedir() };
}

/**
 * Folders by mode: those of the user by the XDG rules in a session, of the system for the whole machine, and in the cloud
 * what goes with the container unless `stateDir` names a volume.
 */
export function placesOf(mode: Mode, env: Env, account: Account = thisAccount(), stateDir?: string): ModePlaces {
  const isSystem = mode === "system" || (mode !== "session" && mode !== "cloud" && account.uid === 0);
  if (mode === "cloud") return cloudPlaces(env, account, stateDir);
  return isSystem ? systemPlaces(stateDir) : sessionPlaces(env, account, stateDir);
}

function sessionPlaces(env: Env, { home }: Account, stateDir: string | undefined): ModePlaces {
  const state = stateDir ?? join(xdg(env["XDG_STATE_HOME"], join(home, ".local", "state")), "farhand");
  const run = join(xdg(env["XDG_RUNTIME_DIR"], state), env["XDG_RUNTIME_DIR"] ? "farhand" : "run");
  const configFile = join(xdg(env["XDG_CONFIG_HOME"], join(home, ".config")), "farhand", "worker.yaml");
  return { configFile, configMode: 0o600, group: undefined, ...inside(state, run) };
}

function systemPlaces(stateDir = "/var/lib/farhand"): ModePlaces {
  const configFile = "/etc/farhand/worker.yaml";
  return { configFile, configMode: 0o640, group: adminGroup, ...inside(stateDir, "/run/farhand") };
}

function cloudPlaces(env: Env, { uid }: Account, stateDir: string | undefined): ModePlaces {
  const run = join(xdg(env["XDG_RUNTIME_DIR"], tmpdir()), env["XDG_RUNTIME_DIR"] ? "farhand" : `farhand-${uid}`);
  return { configFile: undefined, configMode: 0o600, group: undefined, ...inside(stateDir ?? join(run, "state"), run) };
}

function inside(state: string, run: string) {
  return {
    state,
    units: join(state, "units"),
    socket: join(run, "worker.sock"),
    control: join(run, "control.sock"),
  };
}

/** A relative path in such a variable does not count, as its specification says. */
function xdg(given: string | undefined, otherwise: string): string {
  return given && isAbsolute(given) ? given : otherwise;
}
