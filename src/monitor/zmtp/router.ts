import { createServer, type Server, type Socket } from "node:net";
import { errorText, type Log } from "#core";
import { MonitorError } from "../errors.ts";
import { listening } from "../listening.ts";
import { isLoopback } from "../loopback.ts";
import type { ZmtpMessage } from "./message.ts";
import { type ZmtpLimits, ZmtpPeer } from "./peer.ts";

export interface RouterSettings {
  readonly host: string;
  readonly port: number;
  readonly identity: string;
  readonly limits: ZmtpLimits;
  /** Senders at once; one more is closed at once. */
  readonly mostPeers: number;
  /** Time until a connection must have said what it is. */
  readonly handshakeMs: number;
}

/** Who sent. */
export interface Sender {
  /** `host:port`. */
  readonly address: string;
  readonly isLocal: boolean;
}

/** Takes a message. It must not throw, nor keep what it is given. */
export type TakeFrom = (message: ZmtpMessage, from: Sender) => void;

/** A ZMTP 3 ROUTER that only hears: any number of peers connect and send. */
export interface Router {
  readonly port: number;
  readonly peers: number;
  close(): Promise<void>;
}

/** After so much silence the kernel asks whether the other machine is still there. */
const keepAliveMs = 30_000;
/** For a sender to take its leave, and what is on its way to come. */
const farewellMs = 500;

/** @throws {MonitorError} `MONITOR_LISTEN_FAILED` */
export async function openRouter(settings: RouterSettings, take: TakeFrom, log: Log): Promise<Router> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(socket, settings, take, log);
  });
  server.maxConnections = settings.mostPeers;
  server.on("drop", (dropped) =>
    log.warn(`there are ${settings.mostPeers} senders: ${dropped?.remoteAddress} is refused`),
  );
  const port = await listening(server, settings.host === "*" ? undefined : settings.host, settings.port, "zeromq_uri");
  return {
    port,
    get peers() {
      return sockets.size;
    },
    close: () => closed(server, sockets),
  };
}

function serve(socket: Socket, { identity, limits, handshakeMs }: RouterSettings, take: TakeFrom, log: Log): void {
  const peer = new ZmtpPeer(identity, limits);
  const { remoteAddress = "?", remotePort } = socket;
  const from = { address: `${remoteAddress}:${remotePort}`, isLocal: isLoopback(remoteAddress) };
  const late = setTimeout(() => cut(new MonitorError("ZMTP_REFUSED", "it did not say READY in time")), handshakeMs);
  let isCut = false;
  const cut = (error: unknown): void => {
    if (isCut) return;
    isCut = true;
    log.warn(`sender ${from.address} is cut off: ${errorText(error)}`);
    const farewell = peer.farewell(errorText(error));
    if (farewell && !socket.writableEnded) socket.write(farewell);
    socket.destroySoon();
    // One that takes nothing does not take the farewell either.
    setTimeout(() => socket.destroy(), farewellMs).unref();
  };
  socket.on("error", (error) => log.debug(`sender ${from.address}: ${error.message}`));
  socket.on("close", () => clearTimeout(late));
  socket.on("timeout", () => cut(new MonitorError("ZMTP_REFUSED", "it was silent for longer than it said")));
  const takeOne = (message: ZmtpMessage): void => take(message, from);
  let isNew = true;
  socket.write(peer.opening);
  socket.on("data", (chunk: Buffer) => {
    if (isCut) return;
    const { answer, silenceMs, fault } = peer.receive(chunk, takeOne);
    if (!socket.writableEnded) for (const bytes of answer) socket.write(bytes);
    if (silenceMs !== undefined) socket.setTimeout(silenceMs);
    if (peer.isReady && isNew) {
      isNew = false;
      clearTimeout(late);
      log.info(`sender ${from.address} is connected`);
    }
    if (fault) cut(fault);
    // Somebody who asks and asks, and never takes an answer.
    else if (socket.writableLength > limits.frameBytes) cut(new MonitorError("ZMTP_REFUSED", "it takes no answers"));
  });
}

/** What senders got rid of before they hear that it is over is taken yet: they would not send it again. */
async function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const over = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets) socket.end();
  const limit = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, farewellMs);
  await over;
  clearTimeout(limit);
}
