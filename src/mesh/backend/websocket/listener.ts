import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
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
import { handshakeLimitMs, watchHandshakes } from "../tls-road.ts";
import { Upgrades } from "./upgrades.ts";

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

  constructor(settings: WebSocketListenerSettings, description: string, accept: (session: Session) => void, log: Log) {
    this.#settings = settings;
    this.#description = description;
    this.#accept = accept;
    this.#log = log;
    this.#refusals = new SparingLog(log);
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
    const { path, tls } = this.#settings;
    const settings = { path: path || "/", tls, maxMessageBytes: this.#settings.maxMessageBytes ?? maxFrameBytes };
    const upgrades = new Upgrades(settings, this.#description, this.#refusals, (session) => this.#take(session));
    server.on("request", (_request, response) => {
      response.writeHead(426, { Connection: "close", Upgrade: "websocket", "Content-Length": 0 }).end();
    });
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) =>
      upgrades.handle(request, socket, head),
    );
  }

  #take(session: Session): void {
    this.#accept(this.#sessions.add(session));
  }
}
