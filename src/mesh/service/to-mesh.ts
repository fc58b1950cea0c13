import type { Socket } from "node:net";
import { errorText } from "#core";
import { MeshError } from "../errors.ts";
import { breakOff } from "../stream/break-off.ts";
import { splice } from "../stream/splice.ts";
import type { StreamProxyNode } from "./proxy.ts";

/** Where the connections of a server go. */
export interface RemoteService {
  readonly node: string;
  readonly service: string;
  /** Name of a tls-client profile for the mesh stream. */
  readonly tls?: string | undefined;
}

/**
 * Carry one local connection to a service of the mesh, until both directions are over. Every connection is dialled for on
 * its own, so a slow dial holds up nobody else; one that fails closes the connection, and a client that goes ends it.
 */
export async function carryToMesh(socket: Socket, remote: RemoteService, node: StreamProxyNode): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => {});
  socket.on("close", () => gone.abort(new MeshError("STREAM_LOST", "the client is gone")));
  try {
    const stream = await node.streams.dial(remote.node, remote.service, { tls: remote.tls, signal: gone.signal });
    await splice(socket, stream);
  } catch (error) {
    if (!gone.signal.aborted) node.log.warn(`no stream to ${remote.service} on ${remote.node}: ${errorText(error)}`);
    breakOff(socket, new MeshError("STREAM_REFUSED", "the service of the mesh cannot be reached", { cause: error }));
  }
}
