import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { followTlsSource, type Log, silentLog, type TlsServerSource } from "#core";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { hostAndPort } from "../host-and-port.ts";
import { type ListenAt, listenTcp } from "../listening.ts";
import { SessionSet } from "../session-set.ts";
import { SparingLog } from "../sparing-log.ts";
import { maxFrameBytes } from "../tcp/framer.ts";
import { connectionsAtOnce } from "../tcp/listener.ts";
import { socketOptions } from "../tcp/sockets.ts";
import { noticeTls } from "../tls-mismatch.ts";
import { type AdmittedClient, admitTlsClient, handshakeLimitMs, watchHandshakes } from "../tls-road.ts";
import { WebSocketSession } from "./session.ts";
import { refuseUpgrade } from "./upgrade-rules.ts";
import { upgrader } from "./ws.ts";

/** A `ws-listener` section (spec §5.4). */
export interface WebSocketListenerSettings extends ListenAt {
  /** Default `/`: any path. One that ends in a slash takes everything below it, another only itself. */
  readonly path?: string | undefined;
  readonly tls?: TlsServerSource | undefined;
  /** Longest message, bytes. Default 65535, as Receptor's roads. */
  readonly maxMessageBytes?: number | undefined;
  /** Default {@link connectionsAtOnce}. */
  readonly maxConnections?: number | undefined;
  /** TLS handshakes going on at once. Default {@link handshakesAtOnce}. */
  readonly maxHandshakes?: number | undefined;
  /** Default {@link handshakeLimitMs}. */
  readonly handshakeMs?: number | undefined;
  /** Time for the request's headers to arrive. Default 5 s (spec §3.2). */
  readonly headersMs?: number | undefined;
}

/** A listener over WebSocket, with TLS when a profile is given. */
export function webSocketListener(settings: WebSocketListenerSettings, log: Log = silentLog): Backend {
  const { bindAddress, port, path } = settings;
  const description = `ws-listener ${hostAndPort(bindAddress || "0.0.0.0", port)}${path || "/"}`;
  return { description, start: (accept) => new Listening(settings, description, accept, log).open() };
}

/** One `start` of a listener. */
class Listening {
  readonly #settings: WebSocketListenerSettings;
  readonly #description: string;
  readonly #accept: (session: Session) => void;
  readonly #log: Log;
  readonly #refusals: SparingLog;
  readonly #sessions = new SessionSet();
  readonly #maxMessageBytes: number;

  constructor(settings: WebSocketListenerSettings, description: string, accept: (session: Session) => void, log: Log) {
    this.#settings = settings;
    this.#description = description;
    this.#accept = accept;
    this.#log = log;
    this.#refusals = new SparingLog(log);
    this.#maxMessageBytes = settings.maxMessageBytes ?? maxFrameBytes;
  }

  async open(): Promise<OpenBackend> {
    const { tls, maxConnections = connectionsAtOnce } = this.#settings;
    const { server, breakHandshakes } = tls ? this.#httpsServer(tls) : this.#httpServer();
    server.maxConnections = maxConnections;
    this.#serve(server);
    const address = await listenTcp(server, this.#settings, this.#description, this.#log);
    const close = async (): Promise<void> => {
      const freed = new Promise((resolve) => server.close(resolve));
      breakHandshakes();
      server.closeAllConnections();
      await this.#sessions.close();
      await freed;
    };
    return { addresses: [address], close };
  }

  #httpServer(): { server: Server; breakHandshakes: () => void } {
    const server = createHttpServer(this.#serverOptions());
    noticeTls(server, this.#description, this.#refusals);
    return { server, breakHandshakes: () => {} };
  }

  #httpsServer(tls: TlsServerSource): { server: Server; breakHandshakes: () => void } {
    const { handshakeMs = handshakeLimitMs, maxHandshakes } = this.#settings;
    const server = createHttpsServer({ ...this.#serverOptions(), ...tls.options(), handshakeTimeout: handshakeMs });
    followTlsSource(server, tls);
    return { server, breakHandshakes: watchHandshakes(server, this.#description, this.#refusals, maxHandshakes) };
  }

  #serverOptions(): ServerOptions {
    const { headersMs = 5000 } = this.#settings;
    const checkEveryMs = Math.min(1000, headersMs);
    return {
      ...socketOptions,
      headersTimeout: headersMs,
      requestTimeout: headersMs,
      connectionsCheckingInterval: checkEveryMs,
    };
  }

  #serve(server: Server): void {
    const webSockets = upgrader(this.#maxMessageBytes);
    server.on("request", (_request, response) => {
      response.writeHead(426, { Connection: "close", Upgrade: "websocket", "Content-Length": 0 }).end();
    });
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const admitted = this.#admit(request, socket);
      if (!admitted) return;
      const about = {
        description: `ws ${hostAndPort(socket.remoteAddress ?? "?", socket.remotePort ?? 0)}`,
        maxMessageBytes: this.#maxMessageBytes,
        ...admitted,
      };
      webSockets.upgrade(request, socket, head, (open) => this.#take(new WebSocketSession(open, about)));
    });
  }

  /** What a client proved that may have its WebSocket; another gets its refusal and is gone. */
  #admit(request: IncomingMessage, socket: Socket): AdmittedClient | undefined {
    const { tls, path = "/" } = this.#settings;
    const secure = tls && admitTlsClient(tls, socket as TLSSocket, this.#description, this.#refusals);
    if (tls && !secure) return undefined;
    const refusal = refuseUpgrade(request, path || "/");
    if (!refusal) return secure ?? { provenNodeIds: undefined };
    const { status, text } = refusal;
    this.#refusals.warn(`${this.#description} refused a client: ${status} ${text}`, {
      remoteAddress: socket.remoteAddress,
    });
    socket.on("error", () => {});
    socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
    return undefined;
  }

  #take(session: Session): void {
    this.#accept(this.#sessions.add(session));
  }
}
