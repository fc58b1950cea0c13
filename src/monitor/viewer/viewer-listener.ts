import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "#core";
import { listening } from "../listening.ts";
import { closeCodes } from "./close-codes.ts";
import { type Patience, ViewerConnection, type ViewerHouse } from "./connection.ts";
import { type SeatLimits, Seats } from "./seats.ts";
import { subprotocol } from "./subscription.ts";
import { webSockets } from "./ws.ts";

export interface ViewerListenerSettings {
  readonly host: string;
  readonly port: number;
  readonly seats: SeatLimits;
  readonly patience: Patience;
  /** Pages that may watch, as `https://host:port`; without a list all may, as with the original. */
  readonly origins: readonly string[] | undefined;
  /** Their X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];
}

/** What is answered over plain HTTP; undefined where a WebSocket is wanted. */
export type PlainAnswer = (path: string) => { readonly type: string; readonly text: string } | undefined;

/** Where browsers come in. */
export interface ViewerListener {
  readonly port: number;
  readonly viewers: number;
  /** Everybody is told that the monitor stops, and cut off when that is not answered soon. */
  close(): Promise<void>;
}

/** Longest message of a viewer: an id, or an object with one and a token. */
const longestMessage = 8 * 1024;
const tickMs = 1_000;
const farewellMs = 500;
const httpLimits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
};

/** @throws {MonitorError} `MONITOR_LISTEN_FAILED` */
export async function openViewerListener(
  settings: ViewerListenerSettings,
  house: ViewerHouse,
  plain: PlainAnswer,
  clock: Clock,
): Promise<ViewerListener> {
  const seats = new Seats(settings.seats);
  const connections = new Set<ViewerConnection>();
  const upgrader = webSockets(longestMessage, subprotocol);
  const now = (): number => clock.elapsed();
  const server = createServer(httpLimits, (request, response) => answerPlain(request, response, plain));
  // Some for plain HTTP, and for those that are turned away.
  server.maxConnections = settings.seats.most + 100;
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const address = addressOf(request, settings.trustedProxies);
    const refusal = refusalOf(request, settings.origins, () => seats.take(address));
    if (refusal) return turnAway(socket, refusal);
    socket.once("close", () => seats.leave(address));
    upgrader.upgrade(request, socket, head, (webSocket) => {
      const connection = new ViewerConnection({ webSocket, socket }, request, address, house, now);
      connections.add(connection);
      webSocket.once("close", () => connections.delete(connection));
    });
  });
  const port = await listening(server, settings.host, settings.port, "websocket_uri");
  const ticking = setInterval(() => {
    for (const connection of connections) connection.tick(now(), settings.patience);
  }, tickMs);
  return {
    port,
    get viewers() {
      return connections.size;
    },
    close: () => closed(server, connections, ticking),
  };
}

async function closed(
  server: Server,
  connections: ReadonlySet<ViewerConnection>,
  ticking: NodeJS.Timeout,
): Promise<void> {
  clearInterval(ticking);
  const over = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const connection of connections) connection.close(closeCodes.stopping, "the monitor stops");
  const limit = setTimeout(() => {
    for (const connection of connections) connection.terminate();
    server.closeAllConnections();
  }, farewellMs);
  server.closeIdleConnections();
  await over;
  clearTimeout(limit);
}

function answerPlain({ method, url = "" }: IncomingMessage, response: ServerResponse, plain: PlainAnswer): void {
  const found = method === "GET" || method === "HEAD" ? plain(url.split("?", 1)[0] ?? "") : undefined;
  response.setHeader("X-Content-Type-Options", "nosniff");
  if (found) {
    response.setHeader("Cache-Control", "no-store");
    response.writeHead(200, { "Content-Type": found.type }).end(found.text);
  } else {
    const headers = { "Content-Type": "text/plain; charset=utf-8", Upgrade: "websocket", Connection: "close" };
    response.writeHead(426, headers).end("This is a WebSocket server.\n");
  }
}

/** Whom a request comes from: for a proxy that is trusted, what it says last. */
function addressOf(request: IncomingMessage, trustedProxies: readonly string[]): string {
  const peer = (request.socket.remoteAddress ?? "?").replace(/^::ffff:/, "");
  if (!trustedProxies.includes(peer)) return peer;
  const said =
    String(request.headers["x-forwarded-for"] ?? "")
      .split(",")
      .at(-1)
      ?.trim() ?? "";
  return said === "" || said.length > 64 ? peer : said;
}

function refusalOf(
  { headers: { origin } }: IncomingMessage,
  origins: readonly string[] | undefined,
  takeSeat: () => "full" | "full-for-address" | undefined,
): string | undefined {
  if (origins && (origin === undefined || !origins.includes(origin))) return "403 Forbidden";
  const full = takeSeat();
  if (!full) return undefined;
  return full === "full" ? "503 Service Unavailable" : "429 Too Many Requests";
}

function turnAway(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 10\r\n\r\n`);
}
