import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import type { Server } from "node:net";
import { Closers, type FileLock, type Log, systemCode, tryLockFile } from "#core";
import { MeshError } from "../errors.ts";
import { type LocalServer, listenError, listenLocally } from "./local-server.ts";

/**
 * Listen on a Unix socket as spec §1.1 has it: `<path>.lock` keeps a second daemon out and stays behind, a socket that a
 * killed one left is replaced, any other kind of file never.
 *
 * @throws {MeshError} `LISTEN_FAILED`
 */
export async function listenOnUnixSocket(
  server: Server,
  path: string,
  permissions: number,
  log: Log,
): Promise<LocalServer> {
  const closers = new Closers();
  try {
    closers.add(lockSocket(path));
    removeStaleSocket(path);
    // The socket is made inside listen(): group and others get no more than they may have, from its first moment.
    const mask = process.umask(~permissions & 0o077);
    const opening = listenLocally(server, { path }, path, log);
    process.umask(mask);
    closers.add(await opening);
    chmodSync(path, permissions);
    return { close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error instanceof MeshError ? error : listenError(path, error);
  }
}

function lockSocket(path: string): FileLock {
  const lock = tryLockFile(`${path}.lock`);
  if (lock) return lock;
  throw new MeshError("LISTEN_FAILED", `cannot listen on ${path}: another daemon does, and holds its lock`);
}

function removeStaleSocket(path: string): void {
  try {
    if (!lstatSync(path).isSocket())
      throw new MeshError("LISTEN_FAILED", `cannot listen on ${path}: it exists and is no socket`);
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
