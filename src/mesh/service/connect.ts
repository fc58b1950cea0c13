import { connect as connectNet, type NetConnectOpts, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { refuseTlsServer, type TlsClientSource } from "#core";
import { MeshError } from "../errors.ts";
import { socketOptions } from "./local-server.ts";

/** A connection to a TCP address or a Unix socket. @throws the system error, or the reason of the signal. */
export function connectSocket(to: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  return connected(() => connectNet({ ...socketOptions, ...to }), "connect", signal);
}

/**
 * A connection over TLS, whose server has been verified as the profile says.
 *
 * @throws {MeshError | TlsProfileError} `TLS_REFUSED`; the system error, or the reason of the signal.
 */
export async function connectSecurely(
  host: string,
  port: number,
  source: TlsClientSource,
  signal: AbortSignal,
): Promise<Socket> {
  const options = { ...source.options(host), ...socketOptions, host, port };
  const socket = await connected(() => connectTls(options), "secureConnect", signal);
  const refusal = refuseTlsServer(source.profile, socket as TLSSocket);
  if (refusal === undefined) return socket;
  socket.destroy();
  throw new MeshError("TLS_REFUSED", refusal);
}

/** The socket, once it says that it is ready. */
async function connected(open: () => Socket, ready: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = open();
  const stop = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(ready, () => resolve());
      socket.once("error", reject);
      socket.once("close", () => reject(new MeshError("DIAL_FAILED", "the connection was closed")));
    });
    return socket;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
