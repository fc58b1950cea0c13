import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { followTlsSource, type Log, silentLog, type TlsServerSource } from "#core";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { hostAndPort } from "../host-and-port.ts";
import { type ListenAt, listenTcp } from "../listening.ts";
import { SessionSet } from "../session-set.ts";
import { SparingLog } from "../sparing-log.ts";
import { admitTlsClient, handshakeLimitMs, watchHandshakes } from "../tls-road.ts";
import { FramedSession, type FramedSessionOptions } from "./framed-session.ts";
import { socketOptions } from "./sockets.ts";

/** Connections a listener holds at once; further ones are closed as they come. */
export const connectionsAtOnce = 12_000;

/** A `tcp-listener` section (spec §5.4). */
export interface TcpListenerSettings extends ListenAt {
  readonly tls?: TlsServerSource | undefined;
  /** Default {@link connectionsAtOnce}. */
  readonly maxConnections?: number | undefined;
  /** TLS handshakes going on at once. Default {@link handshakesAtOnce}. */
  readonly maxHandshakes?: number | undefined;
  /** Default {@link handshakeLimitMs}. */
  readonly handshakeMs?: number | undefined;
}

/** A listener over TCP, with TLS when a profile is given. */
export function tcpListener(settings: TcpListenerSettings, log: Log = silentLog): Backend {
  const description = `tcp-listener ${hostAndPort(settings.bindAddress || "0.0.0.0", settings.port)}`;
  const start = (accept: (session: Session) => void): Promise<OpenBackend> =>
    open(settings, { description, accept, log, refusals: new SparingLog(log), sessions: new SessionSet() });
  return { description, start };
}

interface Listening {
  readonly description: string;
  readonly accept: (session: Session) => void;
  readonly log: Log;
  readonly refusals: SparingLog;
  readonly sessions: SessionSet;
}

async function open(settings: TcpListenerSettings, listening: Listening): Promise<OpenBackend> {
  const { description, log, sessions } = listening;
  const { server, breakHandshakes } = settings.tls
    ? tlsServer(settings, settings.tls, listening)
    : plainServer(listening);
  server.maxConnections = settings.maxConnections ?? connectionsAtOnce;
  const address = await listenTcp(server, settings, description, log);
  const close = async (): Promise<void> => {
    const freed = new Promise((resolve) => server.close(resolve));
    breakHandshakes();
    await sessions.close();
    await freed;
  };
  return { addresses: [address], close };
}

interface ServerAndHandshakes {
  readonly server: Server;
  breakHandshakes(): void;
}

function plainServer(listening: Listening): ServerAndHandshakes {
  const server = createTcpServer(socketOptions, (socket) => take(socket, { isTls: false }, listening));
  return { server, breakHandshakes: () => {} };
}

function tlsServer(settings: TcpListenerSettings, tls: TlsServerSource, listening: Listening): ServerAndHandshakes {
  const { description, refusals } = listening;
  const handshakeTimeout = settings.handshakeMs ?? handshakeLimitMs;
  const options = { ...socketOptions, ...tls.options(), handshakeTimeout };
  const server = createTlsServer(options, (socket: TLSSocket) => {
    const admitted = admitTlsClient(tls, socket, description, refusals);
    if (admitted) take(socket, { isTls: true, ...admitted }, listening);
  });
  followTlsSource(server, tls);
  return { server, breakHandshakes: watchHandshakes(server, description, refusals, settings.maxHandshakes) };
}

type About = Pick<FramedSessionOptions, "isTls" | "provenNodeIds">;

function take(socket: Socket, about: About, { accept, sessions }: Listening): void {
  const description = `tcp ${hostAndPort(socket.remoteAddress ?? "?", socket.remotePort ?? 0)}`;
  accept(sessions.add(new FramedSession(socket, { description, isDialled: false, ...about })));
}
