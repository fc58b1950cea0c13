import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where a worker on embedded defaults keeps its state, and where its clients look for it. */
export interface Places {
  /** Private folder, 0700. */
  readonly state: string;
  /** `datadir` of its node. */
  readonly units: string;
  /** Unix socket of its control service. */
  readonly socket: string;
}

/** `$XDG_STATE_HOME/farhand`; without the variable `/var/lib/farhand` for root and `~/.local/state/farhand` for others. */
export function defaultPlaces(
  env: Readonly<Record<string, string | undefined>>,
  user: { readonly isRoot: boolean; readonly home: string } = { isRoot: process.getuid?.() === 0, home: homedir() },
): Places {
  const state = stateFolder(env["XDG_STATE_HOME"], user);
  return { state, units: join(state, "units"), socket: join(state, "control.sock") };
}

/** A relative path in the variable does not count, as its specification says. */
function stateFolder(given: string | undefined, user: { readonly isRoot: boolean; readonly home: string }): string {
  if (given && isAbsolute(given)) return join(given, "farhand");
  return user.isRoot ? "/var/lib/farhand" : join(user.home, ".local", "state", "farhand");
}
