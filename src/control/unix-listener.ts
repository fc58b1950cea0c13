import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { systemCode } from "#core";
import {
  type BoundServer,
  type ListenerService,
  listen,
  listenError,
  serverOptions,
  surviveAcceptErrors,
} from "./bound-server.ts";
import { ControlError } from "./errors.ts";
import { unixPathFault } from "./address.ts";

/** Listen on a Unix socket whose lock is held. A stale socket is replaced. @throws {ControlError} */
export async function openUnixListener(
  filename: string,
  permissions: number,
  { sessions, limits, log }: ListenerService,
): Promise<BoundServer> {
  const fault = unixPathFault(filename);
  if (fault) throw new ControlError("LISTEN_FAILED", `cannot listen on ${filename}: ${fault}`);
  removeStaleSocket(filename);
  const server = createServer(serverOptions, (socket) => sessions.serve(socket, "unix"));
  // The socket is made inside listen(). Group and others get no more than they may have, from its first moment; the
  // owner's bits stay, since the mask is the whole process's and must not spoil folders made by other threads.
  const mask = process.umask(~permissions & 0o077);
  const listening = listen(server, { path: filename }, filename, limits);
  process.umask(mask);
  await listening;
  setPermissions(filename, permissions, server);
  surviveAcceptErrors(server, log, filename);
  // The path of a listening socket goes with it: Node removes the file.
  return { address: `unix:${filename}`, close: () => void server.close() };
}

function setPermissions(filename: string, permissions: number, server: Server): void {
  try {
    chmodSync(filename, permissions);
  } catch (error) {
    server.close();
    throw listenError(error, filename);
  }
}

/** What a daemon that was killed has left. Anything but a socket is somebody's file and stays. */
function removeStaleSocket(filename: string): void {
  try {
    if (!lstatSync(filename).isSocket())
      throw new ControlError(
        "SOCKET_PATH_TAKEN",
        `${filename} exists and is no socket: move it or choose another filename`,
      );
    unlinkSync(filename);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error instanceof ControlError ? error : listenError(error, filename);
  }
}
