import { createServer } from "node:net";
import { socketOptions } from "./local-server.ts";
import type { OpenProxy, StreamProxyNode } from "./proxy.ts";
import { carryToMesh, type RemoteService } from "./to-mesh.ts";
import { listenOnUnixSocket } from "./unix-socket.ts";

/** A `unix-socket-server` section (spec §7). */
export interface UnixServerOptions {
  readonly filename: string;
  /** Mode bits of the socket; 0600 unless given. */
  readonly permissions?: number | undefined;
  readonly remote: RemoteService;
}

/** Carry each connection of a Unix socket to a service of the mesh. @throws {MeshError} `LISTEN_FAILED` */
export async function openUnixServer(options: UnixServerOptions, node: StreamProxyNode): Promise<OpenProxy> {
  const { filename, permissions = 0o600, remote } = options;
  const server = createServer(socketOptions, (socket) => void carryToMesh(socket, remote, node));
  const local = await listenOnUnixSocket(server, filename, permissions, node.log);
  return { addresses: [filename], offers: undefined, close: () => local.close() };
}
