import type { Server, Socket } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { refuseTlsClient, refuseTlsServer, tlsClientFault, type TlsClientSource, type TlsServerSource } from "#core";
import { nodeIdsOfCertificate } from "../certificate/node-id-names.ts";
import { MeshError } from "../errors.ts";
import type { SparingLog } from "./sparing-log.ts";

/** Longest time a TLS handshake with a listener may take, milliseconds. */
export const handshakeLimitMs = 10_000;
/** TLS handshakes a listener has going at once. One more, and the one that has lasted longest is broken off. */
export const handshakesAtOnce = 2000;

/**
 * Receptor node ids in the certificate the other side showed and we verified; undefined when there is none such
 * (spec §4.5). A certificate that was not verified proves nothing.
 */
function provenNodeIds(socket: TLSSocket): readonly string[] | undefined {
  if (!socket.authorized) return undefined;
  // Not getPeerX509Certificate(): in a client that takes the certificate out of the chain, and the next call would
  // give its issuer's instead.
  const { raw } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  return raw && nodeIdsOfCertificate(raw);
}

/**
 * Check what `node:tls` does not check of a server. Once per connection, before anything else looks at its certificate.
 *
 * @returns the node ids it proved. @throws {MeshError} `TLS_REFUSED`
 */
export function checkTlsServer(source: TlsClientSource | undefined, socket: TLSSocket): readonly string[] | undefined {
  const proven = provenNodeIds(socket);
  const refusal = source && refuseTlsServer(source.profile, socket);
  if (refusal) throw new MeshError("TLS_REFUSED", refusal);
  return proven;
}

/** A client that may stay. */
export interface AdmittedClient {
  readonly provenNodeIds: readonly string[] | undefined;
}

/** What a client that came through its handshake proved; or, when it may not stay, undefined and it is gone. */
export function admitTlsClient(
  source: TlsServerSource,
  socket: TLSSocket,
  name: string,
  log: SparingLog,
): AdmittedClient | undefined {
  const proven = provenNodeIds(socket);
  const refusal = refuseTlsClient(source.profile, socket);
  if (refusal === undefined) return { provenNodeIds: proven };
  refuse(socket, refusal, name, log);
  return undefined;
}

/**
 * Watch over the handshakes of a TLS (or HTTPS) server: a failed one ends its own connection only, and those that do not
 * come to an end are bounded in number; `handshakeTimeout` bounds them in time.
 *
 * @returns breaks off all that are going on.
 */
export function watchHandshakes(server: Server, name: string, log: SparingLog, atOnce = handshakesAtOnce): () => void {
  const going = new Map<string, Socket>();
  server.on("connection", (raw: Socket) => {
    const key = keyOf(raw);
    going.set(key, raw);
    raw.once("close", () => {
      if (going.get(key) === raw) going.delete(key);
    });
    if (going.size > atOnce) giveUpOldest(going);
  });
  server.on("secureConnection", (socket: TLSSocket) => going.delete(keyOf(socket)));
  server.on("tlsClientError", (error: Error, socket: TLSSocket) =>
    refuse(socket, tlsClientFault(error, socket), name, log),
  );
  return () => {
    for (const raw of going.values()) raw.destroy();
  };
}

/** The raw socket and the one with TLS have nothing in common but this. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function giveUpOldest(going: Map<string, Socket>): void {
  for (const [key, oldest] of going) {
    going.delete(key);
    oldest.destroy();
    return;
  }
}

function refuse(socket: Socket, why: string, name: string, log: SparingLog): void {
  log.warn(`${name} refused a TLS client: ${why}`, { remoteAddress: socket.remoteAddress });
  socket.on("error", () => {});
  socket.destroy();
}
