import { connectSocket } from "./connect.ts";
import { offerToMesh } from "./from-mesh.ts";
import type { OpenProxy, StreamProxyNode } from "./proxy.ts";

/** A `unix-socket-client` section (spec §7). */
export interface UnixClientOptions {
  readonly service: string;
  /** Path of the socket to connect to. */
  readonly filename: string;
  /** Name of a tls-server profile for the mesh streams. */
  readonly tlsServer?: string | undefined;
}

/** Offer a Unix socket as a service of the mesh. @throws {MeshError} what `listen()` throws. */
export function openUnixClient({ service, filename, tlsServer }: UnixClientOptions, node: StreamProxyNode): OpenProxy {
  const connect = (signal: AbortSignal) => connectSocket({ path: filename }, signal);
  const tags = { type: "Unix Proxy", filename };
  return offerToMesh({ service, tags, tls: tlsServer, address: filename, connect }, node);
}
