import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import {
  type Clock,
  errorText,
  followTlsSource,
  type Log,
  refuseTlsClient,
  silentLog,
  systemClock,
  type TlsServerSource,
} from "#core";
import { MeshError } from "../../errors.ts";
import type { Backend, OpenBackend, Session } from "../backend.ts";
import { answer } from "./answer.ts";
import { ackHeader, batchType, type Opening, parseNumber, pollParameter, sessionHeader } from "./protocol.ts";
import { type HttpLimits, httpLimits, SessionTable } from "./session-table.ts";
import { fingerprintOf, provenNodeIds } from "./tls-peer.ts";

/** An `http-listener`. */
export interface HttpListenerSettings {
  readonly port: number;
  /** Default: every address, IPv6 and IPv4. */
  readonly bindAddress?: string | undefined;
  /** One that ends in `/` takes everything below it too, as of WebSockets (spec §3.2). Default `/`. */
  readonly path?: string | undefined;
  readonly tls?: TlsServerSource | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
  readonly log?: Log | undefined;
  readonly clock?: Clock | undefined;
}

/** The road for workers that reach out only by HTTP, through whatever proxies there are (docs/wire/http-backend.md). */
export function httpListener(settings: HttpListenerSettings): Backend {
  const { bindAddress = "::", port, path = "/", tls } = settings;
  const description = `http-listener ${tls ? "https" : "http"}://${hostAndPort(bindAddress, port)}${path}`;
  return { description, start: async (accept) => await startListener(settings, description, accept) };
}

async function startListener(
  settings: HttpListenerSettings,
  description: string,
  accept: (session: Session) => void,
): Promise<OpenBackend> {
  const limits = { ...httpLimits, ...settings.limits };
  const table = new SessionTable(limits, settings.clock ?? systemClock, accept);
  const log = settings.log ?? silentLog;
  const desk = new Desk(settings, limits, table, log);
  const server = makeServer(settings, limits, (request, response) => {
    desk.handle(request, response).catch((error: unknown) => {
      log.debug(`${description}: a request broke off: ${errorText(error)}`);
      response.destroy();
    });
  });
  await listen(server, settings, description);
  const expiry = setInterval(() => table.expire(), Math.min(1000, limits.silenceMs / 4));
  const close = async (): Promise<void> => {
    clearInterval(expiry);
    const isClosed = new Promise((resolve) => server.close(resolve));
    await table.close();
    server.closeAllConnections();
    await isClosed;
  };
  const { address, port } = server.address() as AddressInfo;
  return { addresses: [hostAndPort(address, port)], close };
}

function makeServer({ tls }: HttpListenerSettings, limits: HttpLimits, handle: RequestListener): Server {
  const options = {
    maxHeaderSize: 8192,
    headersTimeout: limits.headersMs,
    requestTimeout: Math.max(30_000, limits.headersMs),
    connectionsCheckingInterval: Math.min(1000, limits.headersMs),
    // Longer than a reverse proxy keeps an idle connection, so that never a request meets its end.
    keepAliveTimeout: 75_000,
  };
  const server = tls ? createTlsServer({ ...options, ...tls.options() }, handle) : createServer(options, handle);
  if (tls) followTlsSource(server as ReturnType<typeof createTlsServer>, tls);
  // A poll and an upload of each, and some in their last moments.
  server.maxConnections = 3 * limits.maxSessions + 100;
  return server;
}

async function listen(server: Server, { port, bindAddress }: HttpListenerSettings, description: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new MeshError("LISTEN_FAILED", `${description} cannot listen: ${errorText(cause)}`, { cause }));
    });
    server.listen(port, bindAddress, resolve);
  });
  // What a listening server still reports are connections that could not be taken; the rest go on.
  server.on("error", () => {});
}

/** Looks at each request and gives it to its session. */
class Desk {
  readonly #path: string;
  readonly #limits: HttpLimits;
  readonly #table: SessionTable;
  readonly #tls: TlsServerSource | undefined;
  readonly #log: Log;

  constructor({ path = "/", tls }: HttpListenerSettings, limits: HttpLimits, table: SessionTable, log: Log) {
    this.#path = path;
    this.#limits = limits;
    this.#table = table;
    this.#tls = tls;
    this.#log = log;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket, method } = request;
    const url = new URL(request.url ?? "/", "http://listener");
    if (!this.#isAdmitted(request)) return void socket.destroy();
    if (!this.#serves(url.pathname)) return answer(response, 404);
    if (method !== "GET" && method !== "POST") return answer(response, 405);
    const id = request.headers[sessionHeader];
    if (id === undefined) return method === "POST" ? this.#open(request, response) : answer(response, 400);
    const served = this.#table.find(String(id), fingerprintOf(socket));
    if (!served) return answer(response, 410);
    if (method === "POST") return await served.upload(request, response);
    const number = parseNumber(url.searchParams.get(pollParameter));
    const ack = parseNumber(request.headers[ackHeader]);
    if (number === undefined || ack === undefined) return answer(response, 400);
    served.poll(number, ack, this.#limits.holdMs, response);
  }

  /** A page in a browser cannot send this type to another site without being asked first, and we never say yes. */
  #open(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers["content-type"] !== batchType) return answer(response, 415);
    if (Number(request.headers["content-length"] ?? 1) > 0) return answer(response, 413);
    const { socket } = request;
    const description = `http ${hostAndPort(socket.remoteAddress ?? "?", socket.remotePort ?? 0)}`;
    const proven = provenNodeIds(socket, this.#tls?.profile.pinnedClientCert);
    const session = this.#table.open({ description, provenNodeIds: proven, certificate: fingerprintOf(socket) });
    if (session === undefined) {
      this.#log.warn(`${description} is turned away: too many sessions are open`);
      return answer(response, 503);
    }
    const { holdMs, silenceMs } = this.#limits;
    const opening: Opening = { session, holdMs, silenceMs };
    answer(response, 201, "application/json", JSON.stringify(opening));
  }

  #serves(path: string): boolean {
    return path === this.#path || (this.#path.endsWith("/") && path.startsWith(this.#path));
  }

  #isAdmitted({ socket }: IncomingMessage): boolean {
    if (!this.#tls || !(socket instanceof TLSSocket)) return true;
    const refusal = refuseTlsClient(this.#tls.profile, socket);
    if (refusal !== undefined) this.#log.warn(`${socket.remoteAddress ?? "?"} is turned away: ${refusal}`);
    return refusal === undefined;
  }
}

function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
