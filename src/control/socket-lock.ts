import { existsSync, readFileSync, statSync } from "node:fs";
import { type FileLock, tryLockFile } from "#core";
import { listenError } from "./bound-server.ts";
import { connectControl } from "./client.ts";
import { ControlError } from "./errors.ts";

/**
 * Take the lock of a control socket, `<filename>.lock`. It is what keeps two daemons, ours or Receptor's, from serving
 * the same socket; the file stays behind.
 *
 * @throws {ControlError} `SOCKET_LOCKED` naming the daemon that holds it.
 */
export async function lockSocket(filename: string): Promise<FileLock> {
  const lock = tryLock(`${filename}.lock`);
  if (lock) return lock;
  const holder = [await nodeAt(filename), lockingProcess(`${filename}.lock`)].filter(Boolean).join(", ");
  throw new ControlError(
    "SOCKET_LOCKED",
    `another daemon${holder ? ` (${holder})` : ""} serves ${filename} and holds its lock: stop it or choose another filename`,
  );
}

function tryLock(path: string): FileLock | undefined {
  try {
    return tryLockFile(path);
  } catch (error) {
    throw listenError(error, path);
  }
}

/** The node that answers on the socket, if it does. */
async function nodeAt(filename: string): Promise<string | undefined> {
  try {
    const client = await connectControl({ kind: "unix", path: filename }, { timeoutMs: 1000 });
    client.close();
    return `node ${client.nodeId}`;
  } catch {
    return undefined;
  }
}

/** The process that holds the `flock` of a file, as far as Linux tells. */
function lockingProcess(path: string): string | undefined {
  if (!existsSync("/proc/locks")) return undefined;
  const { ino } = statSync(path);
  const line = readFileSync("/proc/locks", "utf8")
    .split("\n")
    .find((text) => text.includes(" FLOCK ") && text.includes(`:${ino} `));
  const pid = line?.trim().split(/\s+/)[4];
  return pid === undefined || pid === "-1" ? undefined : `process ${pid}`;
}
