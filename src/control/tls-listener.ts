import type { Socket } from "node:net";
import { createServer } from "node:tls";
import {
  followTlsSource,
  refuseTlsClient,
  tlsClientFault,
  type TlsServerProfile,
  type TlsServerSource,
  tlsServerSource,
} from "#core";
import { type BoundServer, type ListenerService, serverOptions } from "./bound-server.ts";
import type { ControlLog } from "./settings.ts";
import { bindTcp } from "./tcp-listener.ts";

/** Listen on TCP with TLS. @throws {ControlError | TlsProfileError} */
export async function openTlsListener(
  text: string,
  tls: TlsServerProfile | TlsServerSource,
  service: ListenerService,
): Promise<BoundServer> {
  const { sessions, limits, log } = service;
  const source = "material" in tls ? tls : tlsServerSource(tls, log);
  const options = { ...serverOptions, ...source.options(), handshakeTimeout: limits.handshakeMs };
  const server = createServer(options, (socket) => {
    const refusal = refuseTlsClient(source.profile, socket);
    if (refusal === undefined) sessions.serve(socket, "tls");
    else refuse(socket, refusal, log);
  });
  followTlsSource(server, source);
  server.on("tlsClientError", (error, socket) => refuse(socket, tlsClientFault(error, socket), log));
  server.on("connection", (socket: Socket) => sessions.expect(socket));
  const address = await bindTcp(server, text, service);
  return { address: `tls://${address}`, close: () => void server.close() };
}

/** Only this connection dies of its failed handshake (spec §8.4). */
function refuse(socket: Socket, why: string, log: ControlLog): void {
  log.warn(`refused a TLS client of the control service: ${why}`, { remoteAddress: socket.remoteAddress });
  socket.on("error", () => {});
  socket.destroy();
}
