import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "#core";

/** Who a file and the folders above it may belong to. */
export interface Owners {
  /** User id of the service; root counts as well. */
  readonly uid: number;
  /** Group whose members may write: `workeradmin`. */
  readonly adminGid?: number | undefined;
}

/**
 * Why a configuration must not be used, or undefined: whoever can write the file, or put another in its place, commands
 * the service (CAT-10). Names the path. A file that is not there yet is fine when nobody else can make it.
 */
export function writableByOthers(path: string, owners: Owners): string | undefined {
  for (let at = path; ; at = dirname(at)) {
    const found = lookAt(at);
    const fault = found === undefined ? undefined : faultOf(at, found, owners);
    if (fault) return fault;
    if (at === dirname(at)) return undefined;
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function faultOf(path: string, found: Stats, owners: Owners): string | undefined {
  // Whoever may write the folder decides where a link leads, and that folder is looked at next; here, what it leads to.
  if (found.isSymbolicLink()) return writableByOthers(realpathSync(path), owners);
  if (found.uid !== 0 && found.uid !== owners.uid)
    return `${path} belongs to user ${found.uid}, who could change it: chown it to the service's user or root`;
  const { mode, gid } = found;
  // In a folder with the sticky bit, others cannot replace what is not theirs.
  const isSticky = found.isDirectory() && (mode & 0o1000) !== 0;
  if ((mode & 0o002) !== 0 && !isSticky) return `${path} can be written by everybody: chmod o-w ${path}`;
  const groupIsOwn = gid === 0 || gid === owners.adminGid;
  if ((mode & 0o020) !== 0 && !groupIsOwn && !isSticky)
    return `${path} can be written by group ${gid}: chmod g-w ${path}`;
  return undefined;
}
