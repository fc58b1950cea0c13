import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { errorText, type Log, silentLog } from "#core";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { hostAndPort } from "../host-and-port.ts";
import { bindDualStack, type ListenAt, listenError } from "../listening.ts";
import { SparingLog } from "../sparing-log.ts";
import { Remotes } from "./remotes.ts";
import { UdpSession } from "./session.ts";

/** A `udp-listener` section (spec §5.4). */
export interface UdpListenerSettings extends ListenAt {
  /** A session of which nothing came for so long ends, milliseconds. Default 60 s. */
  readonly idleMs?: number | undefined;
  /** Sessions at once. Default 12,000. */
  readonly maxSessions?: number | undefined;
}

/** What the system keeps for us while we are busy, bytes, if it allows so much. */
const receiveBuffer = 2 * 1024 * 1024;

/** A listener over UDP: the first datagram of an address begins its session. */
export function udpListener(settings: UdpListenerSettings, log: Log = silentLog): Backend {
  const description = `udp-listener ${hostAndPort(settings.bindAddress || "0.0.0.0", settings.port)}`;
  const start = async (accept: (session: Session) => void): Promise<OpenBackend> => {
    const socket = await bound(settings, description);
    return new UdpListener(socket, settings, accept, description, log);
  };
  return { description, start };
}

async function bound(at: ListenAt, description: string): Promise<Socket> {
  let socket: Socket | undefined;
  try {
    await bindDualStack(at.bindAddress ?? "", async (host) => {
      socket = await bindUdp(host, at.port);
    });
  } catch (error) {
    throw listenError(error, description, at);
  }
  if (!socket) throw new Error("bound without an error, and yet no socket");
  return socket;
}

async function bindUdp(host: string, port: number): Promise<Socket> {
  const { address, family } = await lookup(host);
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", ipv6Only: false });
  return await new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", failed);
      socket.setRecvBufferSize(receiveBuffer);
      resolve(socket);
    });
  });
}

class UdpListener implements OpenBackend {
  readonly addresses: readonly string[];
  readonly #socket: Socket;
  readonly #remotes: Remotes;
  readonly #accept: (session: Session) => void;
  readonly #sweep: NodeJS.Timeout;
  #isClosed = false;

  constructor(
    socket: Socket,
    { idleMs = 60_000, maxSessions = 12_000 }: UdpListenerSettings,
    accept: (session: Session) => void,
    description: string,
    log: Log,
  ) {
    const { address, port } = socket.address();
    this.addresses = [hostAndPort(address, port)];
    this.#socket = socket;
    this.#accept = accept;
    this.#remotes = new Remotes(maxSessions);
    this.#sweep = setInterval(() => this.#dropSilent(idleMs), Math.max(5, idleMs / 4)).unref();
    const sparing = new SparingLog(log);
    socket.on("error", (error) => sparing.warn(`${description}: ${errorText(error)}`));
    socket.on("message", (datagram, from) => this.#receive(datagram, from));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#sweep);
    const sessions = this.#remotes.sessions;
    for (const session of sessions) session.close();
    await Promise.all(sessions.map(({ closed }) => closed));
    await new Promise<void>((resolve) => void this.#socket.close(resolve));
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    if (this.#isClosed || datagram.length === 0) return;
    const session = this.#remotes.heard(keyOf(from), performance.now()) ?? this.#newcomer(from);
    session?.receive(datagram);
  }

  #newcomer(from: RemoteInfo): UdpSession | undefined {
    if (!this.#remotes.makeRoom()) return undefined;
    const { address, port } = from;
    const socket = this.#socket;
    const send = (datagram: Uint8Array, done: (error?: Error | null) => void): void =>
      socket.send(datagram, port, address, done);
    const key = keyOf(from);
    const release = async (): Promise<void> => this.#remotes.delete(key);
    const session = new UdpSession(`udp ${hostAndPort(address, port)}`, send, release);
    this.#remotes.add(key, session, performance.now());
    this.#accept(session);
    return session;
  }

  #dropSilent(idleMs: number): void {
    const silent = this.#remotes.silentSince(performance.now() - idleMs);
    for (const session of silent) session.end(new Error(`nothing came for ${idleMs / 1000} s`));
  }
}

function keyOf({ address, port }: RemoteInfo): string {
  return `${address} ${port}`;
}
