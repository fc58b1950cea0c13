import type { ListenOptions, Server, Socket } from "node:net";
import { errorText, type Log } from "#core";
import { MeshError } from "../errors.ts";
import { mostConnections } from "./proxy.ts";

/** Half-close both ways; dead clients are found out after a while. Node lets an address be used again at once. */
export const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** A server that listens, and every connection it has, also those whose handshake goes on. */
export interface LocalServer {
  close(): Promise<void>;
}

/** Bind and listen. Failed accepts (no descriptors left) are logged and survived. @throws {MeshError} `LISTEN_FAILED` */
export async function listenLocally(
  server: Server,
  where: ListenOptions,
  name: string,
  log: Log,
): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  server.maxConnections = mostConnections;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await listening(server, where, name);
  logAcceptErrors(server, name, log);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The error for what the system said about listening at `name`. */
export function listenError(name: string, error: unknown): MeshError {
  return new MeshError("LISTEN_FAILED", `cannot listen on ${name}: ${errorText(error)}`, { cause: error });
}

function listening(server: Server, where: ListenOptions, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(listenError(name, error));
    server.once("error", failed);
    server.listen(where, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

/** Once a second at most: they come by the thousand. */
function logAcceptErrors(server: Server, name: string, log: Log): void {
  let saidAt = Number.NEGATIVE_INFINITY;
  server.on("error", (error) => {
    if (performance.now() - saidAt < 1000) return;
    saidAt = performance.now();
    log.warn(`could not accept a connection on ${name}: ${errorText(error)}`);
  });
}
