import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { followTlsSource, type Log, refuseTlsClient, tlsClientFault, type TlsServerSource } from "#core";
import { formatAddress } from "./address.ts";
import { listenLocally, socketOptions } from "./local-server.ts";
import type { OpenProxy, StreamProxyNode } from "./proxy.ts";
import { carryToMesh, type RemoteService } from "./to-mesh.ts";

/** A `tcp-server` section (spec §7). */
export interface TcpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly remote: RemoteService;
  /** Speak TLS with those who connect. */
  readonly tls?: TlsServerSource | undefined;
}

/** How long a client may take for its TLS handshake (spec §10). */
const handshakeMs = 10_000;

/**
 * Carry each TCP connection to a service of the mesh.
 *
 * @throws {MeshError | TlsProfileError} `LISTEN_FAILED`.
 */
export async function openTcpServer(options: TcpServerOptions, node: StreamProxyNode): Promise<OpenProxy> {
  const { host, port, remote, tls } = options;
  const carry = (socket: Socket): void => void carryToMesh(socket, remote, node);
  const server = tls ? tlsServer(tls, carry, node.log) : createServer(socketOptions, carry);
  const local = await listenLocally(server, { host, port }, formatAddress(host, port), node.log);
  const bound = server.address() as AddressInfo;
  return { addresses: [formatAddress(bound.address, bound.port)], offers: undefined, close: () => local.close() };
}

function tlsServer(source: TlsServerSource, carry: (socket: Socket) => void, log: Log): Server {
  const options = { ...socketOptions, ...source.options(), handshakeTimeout: handshakeMs };
  const server = createTlsServer(options, (socket) => {
    const refusal = refuseTlsClient(source.profile, socket);
    if (refusal === undefined) carry(socket);
    else refuse(socket, refusal, log);
  });
  followTlsSource(server, source);
  server.on("tlsClientError", (error, socket) => refuse(socket, tlsClientFault(error, socket), log));
  return server;
}

/** Only this connection dies of its handshake. */
function refuse(socket: TLSSocket, why: string, log: Log): void {
  log.warn(`refused a TLS client of a proxy: ${why}`, { remoteAddress: socket.remoteAddress });
  socket.on("error", () => {});
  socket.destroy();
}
