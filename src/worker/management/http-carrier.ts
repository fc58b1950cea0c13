import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { errorText, followTlsSource, type TlsServerSource } from "#core";
import { faultOf, maxMessageBytes } from "#fleet";
import { WorkerError } from "../errors.ts";
import { type ApiAddress, apiAddress, hostAndPort } from "./api-address.ts";
import { refusalBytes } from "./http-answer.ts";
import { answerHttp, type HttpDesk } from "./http-exchange.ts";
import { httpVisitor } from "./http-visitor.ts";
import { checkRequest } from "./request-rules.ts";
import type { Notices } from "./notices.ts";
import type { OpenCarrier } from "./socket-carrier.ts";
import { StreamConnection } from "./stream-connection.ts";
import { webSockets } from "./ws.ts";

export interface HttpCarrierOptions extends Omit<HttpDesk, "isTls"> {
  /** See {@link apiAddress}. */
  readonly listen: string | undefined;
  readonly tls: TlsServerSource | undefined;
  readonly notices: Notices;
  /** How long a request may take to come, milliseconds; 30 s unless told otherwise. */
  readonly requestMs?: number;
}

/** Connections at once; more are turned away. */
const maxConnections = 128;
const maxStreams = 32;
const maxHeaderBytes = 16 * 1024;
const headersMs = 10_000;
const requestMs = 30_000;
/** A connection on which nothing moves for so long is cut off; a unit may take its grace to be cancelled. */
const stalledMs = 5 * 60_000;
const handshakeMs = 10_000;
/** How long closing waits for answers that are under way. */
const closeMs = 2_000;

/**
 * `POST /rpc`, the WebSocket `/rpc/stream` and the REST subset on one port (CAT-15, CAT-16).
 *
 * @throws {WorkerError} API_UNSAFE, PORT_UNAVAILABLE, SETTINGS_INVALID. @throws {TlsProfileError}
 */
export async function openHttpCarrier(options: HttpCarrierOptions): Promise<OpenCarrier> {
  const { tls, listen } = options;
  const address = await apiAddress(listen, tls !== undefined);
  const desk: HttpDesk = { ...options, isTls: tls !== undefined };
  const server = makeServer(options, desk);
  const streams = serveStreams(server, desk, options.notices);
  const port = await bind(server, address);
  server.on("error", (error) => options.log.warn(`the worker's API: ${errorText(error)}`));
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const limit = setTimeout(() => server.closeAllConnections(), closeMs);
    await Promise.all([...streams].map((stream) => stream.end(closeMs)));
    await closed;
    clearTimeout(limit);
  };
  return { address: `${tls ? "https" : "http"}://${hostAndPort(address.address, port)}`, close };
}

function makeServer({ tls, requestMs: longest = requestMs }: HttpCarrierOptions, desk: HttpDesk): Server {
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: Math.min(headersMs, longest),
    requestTimeout: longest,
    connectionsCheckingInterval: Math.min(1_000, longest),
    keepAliveTimeout: 5_000,
    noDelay: true,
  };
  const server = tls
    ? createHttpsServer({ ...limits, ...tls.options(), handshakeTimeout: handshakeMs })
    : createHttpServer(limits);
  if (tls) followTlsSource(server as ReturnType<typeof createHttpsServer>, tls);
  server.maxConnections = maxConnections;
  server.setTimeout(stalledMs);
  server.on("request", (request, response) => void answerHttp(desk, request, response));
  // Nobody needs to ask before sending what must be small.
  server.on("checkContinue", (_request, response) => response.writeHead(417, { Connection: "close" }).end());
  return server;
}

function serveStreams(server: Server, desk: HttpDesk, notices: Notices): ReadonlySet<StreamConnection> {
  const streams = new Set<StreamConnection>();
  const { upgrade } = webSockets(maxMessageBytes);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => {});
    try {
      checkRequest(request, desk.isTls, true, desk.names);
      if (request.url !== "/rpc/stream") throw new WorkerError("NOT_SERVED", "streams are at /rpc/stream");
      if (streams.size >= maxStreams) throw new WorkerError("LOGIN_BUSY", "too many streams are open");
      const visitor = httpVisitor(request, "websocket", desk);
      upgrade(request, socket, head, (webSocket) => {
        const stream = new StreamConnection(webSocket, visitor, desk.desk, notices);
        streams.add(stream);
        webSocket.once("close", () => streams.delete(stream));
      });
    } catch (error) {
      socket.end(refusalBytes(faultOf(error) ?? { code: "INTERNAL", message: "the upgrade failed", status: 500 }));
    }
  });
  return streams;
}

async function bind(server: Server, { address, port }: ApiAddress): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const message = `the worker's API cannot listen on ${hostAndPort(address, port)}: ${errorText(error)}`;
    throw new WorkerError("PORT_UNAVAILABLE", message, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}
