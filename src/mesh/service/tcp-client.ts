import type { TlsClientSource } from "#core";
import { parseAddress } from "./address.ts";
import { connectSecurely, connectSocket } from "./connect.ts";
import { offerToMesh } from "./from-mesh.ts";
import type { OpenProxy, StreamProxyNode } from "./proxy.ts";

/** A `tcp-client` section (spec §7). */
export interface TcpClientOptions {
  readonly service: string;
  /** `host:port` to connect to. */
  readonly address: string;
  /** Name of a tls-server profile for the mesh streams. */
  readonly tlsServer?: string | undefined;
  /** Speak TLS with the address. */
  readonly tls?: TlsClientSource | undefined;
}

/**
 * Offer a TCP address as a service of the mesh.
 *
 * @throws {MeshError} `DIAL_FAILED` when the address is none, and what `listen()` throws.
 */
export function openTcpClient(options: TcpClientOptions, node: StreamProxyNode): OpenProxy {
  const { service, address, tlsServer, tls } = options;
  const { host, port } = parseAddress(address);
  const connect = (signal: AbortSignal) =>
    tls ? connectSecurely(host, port, tls, signal) : connectSocket({ host, port }, signal);
  return offerToMesh({ service, tags: { type: "TCP Proxy", address }, tls: tlsServer, address, connect }, node);
}
