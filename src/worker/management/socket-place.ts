import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { errorText, type FileLock, type Log, systemCode, tryLockFile } from "#core";
import { WorkerError } from "../errors.ts";

/** Where a Unix socket is, and who may open it. */
export interface SocketPlace {
  readonly path: string;
  /**
   * Group that may open it besides the service's own account (CAT-23); absent, or unknown to this machine: nobody else.
   * The folder is then 0750 of that group, otherwise 0700.
   */
  readonly group?: string | undefined;
  /** Everybody may open it: what they can do there is decided by what they show. The folder is 0711 then. */
  readonly isForAll?: boolean;
}

/** A socket's place that is ours. */
export interface HeldPlace {
  /** Give the socket, which exists now, its owner and mode. @throws the system error. */
  open(): void;
  release(): void;
}

/** Longest path of a Unix socket, bytes. */
const maxPathBytes = 107;

/**
 * Make the folder of a socket as it must be, lock the place, and remove the socket that a worker before has left.
 *
 * @throws {WorkerError} SOCKET_UNSAFE: others could put theirs in its place. SOCKET_IN_USE.
 */
export function holdPlace({ path, group, isForAll = false }: SocketPlace, log: Log): HeldPlace {
  if (Buffer.byteLength(path) > maxPathBytes) throw unsafe(path, `the path has more than ${maxPathBytes} bytes`);
  const gid = group === undefined ? undefined : gidOf(group);
  if (group !== undefined && gid === undefined)
    log.warn(`this machine has no group ${group}: only the service's own account and root can manage it`, { path });
  const lock = prepared(path, gid, isForAll);
  return {
    open: () => {
      if (gid !== undefined) chownSync(path, lstatSync(path).uid, gid);
      chmodSync(path, isForAll ? 0o666 : gid === undefined ? 0o600 : 0o660);
    },
    release: () => lock.close(),
  };
}

function prepared(path: string, gid: number | undefined, isForAll: boolean): FileLock {
  try {
    if (isForAll) letThrough(dirname(dirname(path)));
    makeFolder(dirname(path), gid, isForAll);
    const lock = tryLockFile(`${path}.lock`);
    if (!lock) throw new WorkerError("SOCKET_IN_USE", `another worker serves ${path}`);
    removeStale(path);
    return lock;
  } catch (error) {
    if (error instanceof WorkerError) throw error;
    throw unsafe(path, errorText(error), error);
  }
}

/** Others may pass through a folder of ours, and see nothing of what is in it. */
function letThrough(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  if (statSync(folder).uid === process.getuid?.()) chmodSync(folder, 0o711);
}

function makeFolder(folder: string, gid: number | undefined, isForAll: boolean): void {
  const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
  const { uid, mode } = statSync(folder);
  const mine = process.getuid?.() ?? uid;
  // Also of a link to it, which could be turned elsewhere.
  const owners = [uid, lstatSync(folder).uid];
  if (owners.some((owner) => owner !== mine && owner !== 0)) throw unsafe(folder, "the folder is somebody else's");
  if (!isNew && (mode & 0o022) !== 0) throw unsafe(folder, "others can write to the folder: chmod go-w");
  if (uid !== mine) return;
  if (gid !== undefined) chownSync(folder, mine, gid);
  chmodSync(folder, isForAll ? 0o711 : gid === undefined ? 0o700 : 0o750);
}

/** Anything but a socket is somebody's file and stays. */
function removeStale(path: string): void {
  try {
    if (!lstatSync(path).isSocket()) throw unsafe(path, "something that is no socket has its path: move it");
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

/** Number of a group of this machine. Node has no call for it. */
function gidOf(name: string): number | undefined {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((text) => text.startsWith(`${name}:`));
  const gid = Number(line?.split(":")[2] ?? "");
  return line !== undefined && Number.isSafeInteger(gid) ? gid : undefined;
}

function unsafe(path: string, why: string, cause?: unknown): WorkerError {
  return new WorkerError("SOCKET_UNSAFE", `the worker's socket cannot be opened at ${path}: ${why}`, { cause });
}
