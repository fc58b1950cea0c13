import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Clock, errorText, type FileLock, makeFolders, systemClock, systemCode, tryLockFile } from "#core";
import { WorkerError } from "../errors.ts";
import type { Mode } from "./places.ts";

/** Who holds a state folder. */
export interface Holder {
  readonly pid: number;
  readonly user: string;
  readonly mode: Mode;
  /** Milliseconds since 1970. */
  readonly since: number;
}

const lockPath = (state: string): string => join(state, "service.lock");

/**
 * Make the state folder (0700) and hold it: one service at a time, also between modes (CAT-11). The lock goes with the
 * process, however that ends.
 *
 * @throws {WorkerError} STATE_IN_USE, naming who holds it. STATE_UNUSABLE.
 */
export function lockState(state: string, mode: Mode, clock: Pick<Clock, "now"> = systemClock): FileLock {
  const lock = tryLock(state);
  if (!lock)
    throw new WorkerError("STATE_IN_USE", `another service runs with ${state}: ${holderText(holderOf(state))}`);
  const holder: Holder = { pid: process.pid, user: userName(), mode, since: clock.now() };
  writeFileSync(lockPath(state), `${JSON.stringify(holder)}\n`);
  return lock;
}

/**
 * Whether somebody holds it now, and who; undefined when nobody does. Changes nothing.
 *
 * @throws {WorkerError} STATE_UNUSABLE, also for a folder that is closed to this account: then nobody can say.
 */
export function stateHolder(state: string): Holder | "unknown" | undefined {
  if (!isThere(state)) return undefined;
  const lock = tryLock(state);
  if (!lock) return holderOf(state) ?? "unknown";
  lock.close();
  return undefined;
}

function isThere(state: string): boolean {
  try {
    return lstatSync(lockPath(state), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (systemCode(error) === "EACCES") throw unusable(state, error);
    return false;
  }
}

function tryLock(state: string): FileLock | undefined {
  try {
    makeFolders(state, 0o700);
    return tryLockFile(lockPath(state));
  } catch (error) {
    throw unusable(state, error);
  }
}

function unusable(state: string, cause: unknown): WorkerError {
  return new WorkerError("STATE_UNUSABLE", `the state folder ${state} cannot be used: ${errorText(cause)}`, { cause });
}

/** What the holder wrote; its first moment and a foreign file say nothing. */
function holderOf(state: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(lockPath(state), "utf8")) as Partial<Holder>;
    const { pid, user, mode, since } = value;
    if (typeof pid !== "number" || typeof user !== "string" || !mode || typeof since !== "number") return undefined;
    return { pid, user, mode, since };
  } catch {
    return undefined;
  }
}

function holderText(holder: Holder | undefined): string {
  if (!holder) return "it is just starting";
  const { pid, user, mode, since } = holder;
  return `process ${pid} of ${user}, mode ${mode}, since ${new Date(since).toISOString()}`;
}

/** An account without a name (in a container) has its number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}
