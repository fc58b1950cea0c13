import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { nodeIdsOfCertificate } from "../../certificate/node-id-names.ts";

/** Receptor node ids in the certificate that the far end of a connection has proved; undefined when it has not. */
export function provenNodeIds(socket: Socket, pins: readonly string[] | undefined): readonly string[] | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const leaf = socket.getPeerX509Certificate();
  // A pinned certificate needs nobody to vouch for it.
  const isProven = socket.authorized || (pins !== undefined && pins.length > 0);
  return leaf && isProven ? nodeIdsOfCertificate(leaf.raw) : undefined;
}

/** Tells a certificate from every other; "" when none was shown. */
export function fingerprintOf(socket: Socket): string {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.fingerprint256 ?? "") : "";
}
