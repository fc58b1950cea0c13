import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { silentLog } from "#core";
import { ChannelFolder, type Monitor, type MonitorLog, type MonitorOptions, openMonitor } from "#monitor";
import { readSettings } from "../../src/monitor/settings.ts";
import { readyCommand } from "../../src/monitor/zmtp/commands.ts";
import { encodeFrame } from "../../src/monitor/zmtp/frame-reader.ts";
import { greeting } from "../../src/monitor/zmtp/greeting.ts";
import type { Received, ZmtpPeer } from "../../src/monitor/zmtp/peer.ts";

/** A log that keeps its lines. */
export function keptLog(): MonitorLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string): void => void lines.push(message);
  return { ...silentLog, info: keep, warn: keep, error: keep, critical: keep, isDebug: false, close: () => {}, lines };
}

/** A monitor on free ports of the loopback. At the end of its scope it is closed. */
export interface TestMonitor extends Monitor, AsyncDisposable {
  readonly log: ReturnType<typeof keptLog>;
  watch(channel: string, how?: Watching): Promise<TestViewer>;
  send(): Promise<TestSender>;
}

export interface TestMonitorOptions extends Omit<Partial<MonitorOptions>, "folder"> {
  /** Path of the folder where channels are kept; without it in memory. */
  readonly folder?: string;
}

/** @param document keys of its file, but for the ports. */
export async function testMonitor(
  document: object = {},
  { folder: path, ...options }: TestMonitorOptions = {},
): Promise<TestMonitor> {
  const read = readSettings({ websocket_uri: ["127.0.0.1", 0], zeromq_uri: ["127.0.0.1", 0], ...document });
  if ("faults" in read) throw new Error(read.faults.join("; "));
  const log = keptLog();
  const folder = path === undefined ? undefined : await ChannelFolder.open(path);
  const monitor = await openMonitor(read.settings, { log, ...options, folder });
  return {
    ...monitor,
    log,
    watch: (channel, how) => watchChannel(monitor.webSocketPort, channel, how),
    send: () => testSender(monitor.zeroMqPort),
    [Symbol.asyncDispose]: () => monitor.close(),
  };
}

/** A ZMTP sender of our own making; real libzmq sends in test/e2e/monitor. */
export interface TestSender extends Disposable {
  readonly socket: Socket;
  /** One message of these frames. */
  send(...parts: (string | Uint8Array)[]): void;
  /** All that was sent has arrived and was looked at. */
  arrived(): Promise<void>;
}

export async function testSender(port: number): Promise<TestSender> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let heard = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => (heard = Buffer.concat([heard, chunk]))).on("error", () => {});
  await once(socket, "connect");
  socket.write(Buffer.concat([greeting, readyCommand("")]));
  let asked = 0;
  return {
    socket,
    send: (...parts) => {
      const frames = parts.map((part, n) => encodeFrame(Buffer.from(part), { hasMore: n < parts.length - 1 }));
      socket.write(Buffer.concat(frames));
    },
    arrived: async () => {
      const context = `ping-${asked++}`;
      socket.write(
        encodeFrame(Buffer.concat([Buffer.from("\x04PING\0\0"), Buffer.from(context)]), { isCommand: true }),
      );
      while (!heard.includes(`\x04PONG${context}`)) await once(socket, "data");
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

export interface Watching {
  /** Behind the address. */
  readonly target?: string;
  readonly protocol?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A viewer that keeps what it gets. */
export interface TestViewer extends Disposable {
  readonly webSocket: WebSocket;
  readonly texts: readonly string[];
  /** `command` of each, with what came with it: `TASK t1 COMPLETED`. */
  said(): string[];
  /** So many messages have come. */
  has(count: number): Promise<string[]>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** @param first its first message; undefined sends none. */
export async function watchChannel(
  port: number,
  first: string | Buffer | undefined,
  { target = "/", protocol, headers = {} }: Watching = {},
): Promise<TestViewer> {
  const options = { headers, perMessageDeflate: true };
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}${target}`, protocol === undefined ? [] : [protocol], options);
  const texts: string[] = [];
  webSocket.on("message", (data: Buffer) => void texts.push(data.toString()));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    webSocket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(webSocket, "open");
  if (first !== undefined) webSocket.send(first);
  const said = (): string[] => texts.map((text) => Object.values(JSON.parse(text) as object).join(" "));
  return {
    ...{ webSocket, texts, closed, said },
    has: async (count) => {
      while (texts.length < count) await once(webSocket, "message", { signal: AbortSignal.timeout(60_000) });
      return said();
    },
    [Symbol.dispose]: () => webSocket.terminate(),
  };
}

/** What a chunk of bytes came to, with copies of the parts of each message. */
export function heardBy(
  peer: ZmtpPeer,
  chunk: Buffer,
): Received & { readonly messages: readonly (readonly Buffer[])[] } {
  const messages: Buffer[][] = [];
  const received = peer.receive(
    chunk,
    (message) => void messages.push(message.parts().map((part) => Buffer.from(part))),
  );
  return { ...received, messages };
}
