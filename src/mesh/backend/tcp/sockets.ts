import { connect, type Socket, type TcpSocketConnectOpts } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { TlsClientSource } from "#core";
import type { HostAndPort } from "../host-and-port.ts";
import { checkTlsServer } from "../tls-road.ts";

/** Messages are small and must go at once; a dead machine must be found out when nothing is sent, too. */
export const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };

/** Time for one address of a name before the next is tried. Node's own 250 ms would give up on far places. */
const perAddressMs = 2500;

/** How to reach every address of a name, IPv6 and IPv4 in turn. */
export function connectOptions({ host, port }: HostAndPort): TcpSocketConnectOpts {
  return { ...socketOptions, host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: perAddressMs };
}

/** Connect. Rejects with what the system said, or the reason of the signal. */
export async function connectTcp(to: HostAndPort, signal: AbortSignal): Promise<Socket> {
  const socket = connect(connectOptions(to));
  await until(socket, "connect", signal);
  return socket;
}

/** A connection to a server that was checked. */
export interface SecureConnection {
  readonly socket: TLSSocket;
  readonly provenNodeIds: readonly string[] | undefined;
}

/** Connect with TLS and check who is there. @throws {MeshError} `TLS_REFUSED`; TlsProfileError; what the system said. */
export async function connectTlsTo(
  to: HostAndPort,
  source: TlsClientSource,
  signal: AbortSignal,
): Promise<SecureConnection> {
  const options = source.options(to.host);
  const raw = await connectTcp(to, signal);
  const socket = connectTls({ ...options, socket: raw });
  // Errors below TLS come out of it; this one only must not end the process.
  raw.on("error", () => {});
  await until(socket, "secureConnect", signal);
  try {
    return { socket, provenNodeIds: checkTlsServer(source, socket) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function until(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => failed(signal.reason as Error);
    const hungUp = (): void =>
      failed(Object.assign(new Error("the far end hung up before the connection was ready"), { code: "ECONNRESET" }));
    const settled = (): void => {
      signal.removeEventListener("abort", aborted);
      socket.off("close", hungUp).off("error", failed).off(event, ready);
    };
    const failed = (error: Error): void => {
      settled();
      // What comes after the first error is no news.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const ready = (): void => {
      settled();
      resolve();
    };
    socket.once(event, ready).once("error", failed).once("close", hungUp);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
  });
}
