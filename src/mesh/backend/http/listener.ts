import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Clock, errorText, followTlsSource, type Log, silentLog, systemClock, type TlsServerSource } from "#core";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { hostAndPort } from "../host-and-port.ts";
import { type ListenAt, listenTcp } from "../listening.ts";
import { SparingLog } from "../sparing-log.ts";
import { noticeTls } from "../tls-mismatch.ts";
import { admitTlsClient, handshakeLimitMs, watchHandshakes } from "../tls-road.ts";
import { answer } from "./answer.ts";
import { ackHeader, batchType, type Opening, parseNumber, pollParameter, sessionHeader } from "./protocol.ts";
import { type Client, type HttpLimits, httpLimits, SessionTable } from "./session-table.ts";

/** An `http-listener`. */
export interface HttpListenerSettings extends ListenAt {
  /** Default `/`: any path. One that ends in a slash takes everything below it, another only itself (spec §3.2). */
  readonly path?: string | undefined;
  readonly tls?: TlsServerSource | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
  readonly clock?: Clock | undefined;
}

/** The road for workers that reach out only by HTTP, through whatever proxies there are (docs/wire/http-backend.md). */
export function httpListener(settings: HttpListenerSettings, log: Log = silentLog): Backend {
  const { bindAddress, port, path, tls } = settings;
  const scheme = tls ? "https" : "http";
  const description = `http-listener ${scheme}://${hostAndPort(bindAddress || "0.0.0.0", port)}${path || "/"}`;
  return { description, start: async (accept) => await startListener(settings, description, accept, log) };
}

async function startListener(
  settings: HttpListenerSettings,
  description: string,
  accept: (session: Session) => void,
  log: Log,
): Promise<OpenBackend> {
  const limits = { ...httpLimits, ...settings.limits };
  const table = new SessionTable(limits, settings.clock ?? systemClock, accept);
  const desk = new Desk(settings, limits, table, description, log);
  const { server, breakHandshakes } = makeServer(settings.tls, limits, desk, (request, response) => {
    desk.handle(request, response).catch((error: unknown) => {
      log.debug(`${description}: a request broke off: ${errorText(error)}`);
      response.destroy();
    });
  });
  // A poll and an upload of each, and some in their last moments.
  server.maxConnections = 3 * limits.maxSessions + 100;
  const address = await listenTcp(server, settings, description, log);
  const expiry = setInterval(() => table.expire(), Math.min(1000, limits.silenceMs / 4));
  const close = async (): Promise<void> => {
    clearInterval(expiry);
    // Clients come once more to hear of the end; no new ones are let in meanwhile.
    await table.close();
    const isClosed = new Promise((resolve) => server.close(resolve));
    breakHandshakes();
    server.closeAllConnections();
    await isClosed;
  };
  return { addresses: [address], close };
}

function makeServer(
  tls: TlsServerSource | undefined,
  { headersMs }: HttpLimits,
  desk: Desk,
  handle: RequestListener,
): { server: Server; breakHandshakes: () => void } {
  const options: ServerOptions = {
    maxHeaderSize: 8192,
    headersTimeout: headersMs,
    requestTimeout: Math.max(30_000, headersMs),
    connectionsCheckingInterval: Math.min(1000, headersMs),
    // Longer than a reverse proxy keeps an idle connection, so that never a request meets its end.
    keepAliveTimeout: 75_000,
    noDelay: true,
  };
  if (!tls) {
    const server = createServer(options, handle);
    noticeTls(server, desk.description, desk.refusals);
    return { server, breakHandshakes: () => {} };
  }
  const server = createTlsServer({ ...options, ...tls.options(), handshakeTimeout: handshakeLimitMs }, handle);
  followTlsSource(server, tls);
  server.on("secureConnection", (socket: TLSSocket) => desk.admit(socket, tls));
  return { server, breakHandshakes: watchHandshakes(server, desk.description, desk.refusals) };
}

/** Looks at each request and gives it to its session. */
class Desk {
  readonly description: string;
  readonly refusals: SparingLog;
  readonly #path: string;
  readonly #isTls: boolean;
  readonly #limits: HttpLimits;
  readonly #table: SessionTable;
  readonly #admitted = new WeakMap<Socket, Pick<Client, "provenNodeIds" | "certificate">>();

  constructor(
    { path, tls }: HttpListenerSettings,
    limits: HttpLimits,
    table: SessionTable,
    description: string,
    log: Log,
  ) {
    this.description = description;
    this.refusals = new SparingLog(log);
    this.#path = path || "/";
    this.#isTls = tls !== undefined;
    this.#limits = limits;
    this.#table = table;
  }

  /** Look at the certificate of a new connection; one that may not stay is gone. */
  admit(socket: TLSSocket, tls: TlsServerSource): void {
    const admitted = admitTlsClient(tls, socket, this.description, this.refusals);
    if (!admitted) return;
    const { fingerprint256: certificate = "" } = socket.getPeerCertificate() as { fingerprint256?: string };
    this.#admitted.set(socket, { ...admitted, certificate });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method } = request;
    const client = this.#clientOf(request.socket);
    if (!client) return void request.socket.destroy();
    const url = URL.canParse(request.url ?? "", "http://listener") && new URL(request.url ?? "", "http://listener");
    if (!url || !this.#serves(url.pathname)) return answer(response, 404);
    if (method !== "GET" && method !== "POST") return answer(response, 405);
    const id = request.headers[sessionHeader];
    if (id === undefined && method === "POST") return this.#open(request, response, client);
    const served = this.#table.find(String(id), client.certificate);
    if (!served) return answer(response, 410);
    if (method === "POST") return await served.upload(request, response);
    const number = parseNumber(url.searchParams.get(pollParameter));
    const ack = parseNumber(request.headers[ackHeader]);
    if (number === undefined || ack === undefined) return answer(response, 400);
    served.poll(number, ack, this.#limits.holdMs, response);
  }

  /** A page in a browser cannot send this type to another site without being asked first, and we never say yes. */
  #open({ headers }: IncomingMessage, response: ServerResponse, client: Client): void {
    if (headers["content-type"] !== batchType) return answer(response, 415);
    if (Number(headers["content-length"] ?? 1) > 0) return answer(response, 413);
    const session = this.#table.open(client);
    if (session === undefined) {
      this.refusals.warn(`${client.description} is turned away: too many sessions are open`);
      return answer(response, 503);
    }
    const { holdMs, silenceMs } = this.#limits;
    const opening: Opening = { session, holdMs, silenceMs };
    answer(response, 201, "application/json", JSON.stringify(opening));
  }

  #serves(path: string): boolean {
    return path === this.#path || (this.#path.endsWith("/") && path.startsWith(this.#path));
  }

  #clientOf(socket: Socket): Client | undefined {
    const description = `http ${hostAndPort(socket.remoteAddress ?? "?", socket.remotePort ?? 0)}`;
    if (!this.#isTls) return { description, provenNodeIds: undefined, certificate: "" };
    const admitted = this.#admitted.get(socket);
    return admitted && { description, ...admitted };
  }
}
