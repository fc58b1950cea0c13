import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { libc } from "./libc.ts";

/**
 * Advisory file locks by `flock(2)`, the kind Receptor, `flock(1)` and Python's `fcntl.flock` use, so that they exclude
 * one another.
 */
const LOCK_EX = 2;
const LOCK_NB = 4;

type Flock = ((fd: number, operation: number) => number) & {
  async(fd: number, operation: number, done: (error: unknown, result: number) => void): void;
};

let loaded: Flock | undefined;

function flock(): Flock {
  loaded ??= libc("int flock(int fd, int operation)") as unknown as Flock;
  return loaded;
}

/** A lock that is held until `close()`. The file stays behind, as every user of `flock` expects. */
export interface FileLock {
  close(): void;
}

/** Take the lock on `path` (created 0600) now, or give undefined when somebody else holds it. */
export function tryLockFile(path: string): FileLock | undefined {
  const fd = openLockFile(path);
  if (flock()(fd, LOCK_EX | LOCK_NB) === 0) return heldLock(fd);
  closeSync(fd);
  return undefined;
}

/** Wait for the lock on `path` off the main thread. */
export async function lockFile(path: string): Promise<FileLock> {
  const now = tryLockFile(path);
  if (now) return now;
  const fd = openLockFile(path);
  const result = await new Promise<number>((resolve, reject) => {
    flock().async(fd, LOCK_EX, (error, value) => (error ? reject(error) : resolve(value)));
  });
  if (result !== 0) {
    closeSync(fd);
    throw new Error(`flock failed on ${path}`);
  }
  return heldLock(fd);
}

/** Only a plain file is one: opening a pipe would wait for whoever reads it. @throws the system error. */
function openLockFile(path: string): number {
  const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o600);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} is no plain file, so it cannot be locked`);
}

/** Closing twice is closing once: the number may be somebody else's by then. */
function heldLock(fd: number): FileLock {
  let held = true;
  return {
    close: () => {
      if (held) closeSync(fd);
      held = false;
    },
  };
}
