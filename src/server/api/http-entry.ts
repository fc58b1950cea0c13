import { EventEmitter, once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { errorText, followTlsSource, systemCode, type TlsServerSource } from "#core";
import { ServerError } from "../errors.ts";
import type { Visit } from "./call.ts";
import { clientAddress, plainAddress, TrustedProxies } from "./client-address.ts";
import type { ApiLimits } from "./limits.ts";
import { OwnNames } from "./own-names.ts";
import { type Problem, problemHeaders, problemOf } from "./problem.ts";
import { isLoopback, requireClean, requireOurHost } from "./raw-request.ts";

export interface EntryOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Without it the address must be a loopback one (a proxy before us may do TLS). */
  readonly tls?: TlsServerSource | undefined;
  readonly trustedProxies?: readonly string[];
  /** Where people reach the server, with a path when a proxy puts us under one. */
  readonly publicUrl?: URL | undefined;
  /** More names that are ours, besides those of the certificate. */
  readonly hostNames?: readonly string[];
  /**
   * May take a WebSocket upgrade that is none of the API's: then it returns true, and the socket is its own. Its path is
   * clean and without the prefix of a proxy, `from` the address it comes from; nothing else was looked at.
   */
  readonly upgrade?: UpgradeHandler | undefined;
  readonly limits: ApiLimits;
}

/** See {@link EntryOptions.upgrade}. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, from: string) => boolean;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The door: connections, TLS, and what is wrong with a request before anybody reads what it asks for. */
export class HttpEntry {
  readonly server: Server;
  /** Emits `upgrade` as a server does, for requests that were let in. */
  readonly upgrades = new EventEmitter();
  readonly #options: EntryOptions;
  readonly #proxies: TrustedProxies;
  readonly #names: OwnNames;
  readonly #sockets = new Set<Socket>();
  readonly #visits = new WeakMap<IncomingMessage, Visit>();

  constructor(options: EntryOptions) {
    this.#options = options;
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
    const own = options.publicUrl ? [options.publicUrl.hostname.replaceAll(/[[\]]/g, "")] : [];
    this.#names = new OwnNames([...own, ...(options.hostNames ?? [])], options.tls);
    this.server = makeServer(options);
    this.server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** What is known of a request that was let in. */
  visit(request: IncomingMessage): Visit {
    return this.#visits.get(request) ?? { address: "", secure: false, loopback: false };
  }

  /** Give the handler what is let in. */
  serve(handler: Handler): void {
    const { server } = this;
    const take: Handler = (request, response) => {
      try {
        this.#admit(request);
      } catch (error) {
        return refuse(response, error);
      }
      handler(request, response);
    };
    server.on("request", take);
    // The handler says "continue" itself, once it knows that it wants the body.
    server.on("checkContinue", take);
    server.on("checkExpectation", take);
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    server.on("clientError", (error, socket) => refuseSocket(socket, error));
    // In a handshake nothing can be said: it would wait for the handshake's end, and the socket with it, for ever.
    server.on("tlsClientError", (_error, socket: Socket) => socket.destroy());
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      const { address } = this.#enter(request);
      if (this.#options.upgrade?.(request, socket, head, address)) return;
      requireOurHost(request, this.#names);
    } catch (error) {
      return refuseSocket(socket, error);
    }
    this.upgrades.emit("upgrade", request, socket, head);
  }

  #admit(request: IncomingMessage): void {
    this.#enter(request);
    requireOurHost(request, this.#names);
  }

  /** Read what everybody must read alike, and where it comes from. */
  #enter(request: IncomingMessage): Visit {
    requireClean(request);
    request.url = this.#withoutPrefix(request.url ?? "/");
    const { socket, headers } = request;
    const peer = plainAddress(socket.remoteAddress);
    const proxied = this.#proxies.has(peer);
    const forwarded = joined(headers["x-forwarded-for"]);
    const visit = {
      address: clientAddress(peer, forwarded, this.#proxies),
      secure: socket instanceof TLSSocket || (proxied && joined(headers["x-forwarded-proto"]) === "https"),
      loopback: isLoopback(peer) && !proxied && forwarded === undefined && headers["forwarded"] === undefined,
    };
    this.#visits.set(request, visit);
    return visit;
  }

  /** A proxy may leave the prefix that it serves us under, or take it away. */
  #withoutPrefix(url: string): string {
    const prefix = this.#options.publicUrl?.pathname.replace(/\/$/, "") ?? "";
    return prefix !== "" && url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url;
  }

  /** @throws {ServerError} LISTEN_FAILED. */
  async listen(): Promise<AddressInfo> {
    const { host, port } = this.#options.listen;
    try {
      this.server.listen(port, host);
      await once(this.server, "listening");
      return this.server.address() as AddressInfo;
    } catch (error) {
      const why = listenRemedies[systemCode(error) ?? ""];
      const text = why ? `${why} (${errorText(error)})` : errorText(error);
      throw new ServerError("LISTEN_FAILED", `the API cannot listen on ${host}:${port}: ${text}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const freed = new Promise((resolve) => this.server.close(resolve));
    // Also those in the middle of a handshake, and those that became WebSockets.
    for (const socket of this.#sockets) socket.destroy();
    await freed;
  }
}

const listenRemedies: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there, a server of before perhaps: stop it or choose another port with --listen",
  EADDRNOTAVAIL: "this machine has no such address: --listen takes one of its own, or 0.0.0.0 for all",
  EACCES: "this user may not: choose a port above 1023 with --listen",
  ENOTFOUND: "no such host: --listen takes an address of this machine",
};

function makeServer({ tls, listen, limits }: EntryOptions): Server {
  const options = {
    headersTimeout: limits.headersMs,
    // Payloads take as long as they take; other bodies are timed where they are read.
    requestTimeout: 0,
    // Looked at by us, and refused as a problem like all else.
    requireHostHeader: false,
    keepAliveTimeout: Math.min(65_000, limits.idleMs),
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
    noDelay: true,
  };
  const server = tls
    ? createHttpsServer({ ...tls.options(), ...options, rejectUnauthorized: false, handshakeTimeout: limits.headersMs })
    : createHttpServer(options);
  if (!tls && !isLoopback(listen.host) && listen.host !== "localhost")
    throw new ServerError("LISTEN_FAILED", `without TLS the API listens on loopback only, not on ${listen.host}`);
  if (tls) followTlsSource(server as ReturnType<typeof createHttpsServer>, tls);
  server.maxConnections = limits.connections;
  server.setTimeout(limits.idleMs);
  return server;
}

function joined(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(",") : header;
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, text, headers } = refusal(problemOf(error), error);
  // What is unread of the request is not worth reading.
  response.writeHead(status, { ...headers, connection: "close" }).end(text);
}

/** What Node's parser gives up, by its own codes. */
const parserFaults: Readonly<Record<string, ServerError>> = {
  HPE_HEADER_OVERFLOW: new ServerError("HEADERS_TOO_LARGE", "the headers of the request are too long"),
  ERR_HTTP_REQUEST_TIMEOUT: new ServerError("BODY_SLOW", "the request did not arrive in time"),
};
const unreadable = new ServerError("REQUEST_INVALID", "what was sent is no request that can be read");

/** Where there is no response object: nothing that can be parsed came, or an upgrade that is none. */
function refuseSocket(socket: Duplex, error: unknown): void {
  socket.on("error", () => {});
  if (!socket.writable) return void socket.destroy();
  const { code = "" } = error as { code?: string };
  const told = error instanceof ServerError ? error : (parserFaults[code] ?? unreadable);
  const { status, text, headers } = refusal(problemOf(told), told);
  const lines = Object.entries({ ...headers, connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
  const line = `HTTP/1.1 ${status} Refused\r\n`;
  socket.end(`${line}${lines.join("")}\r\n${text}`, () => socket.destroy());
}

function refusal(problem: Problem, error: unknown) {
  const text = JSON.stringify(problem);
  const length = { "content-length": String(Buffer.byteLength(text)), "x-content-type-options": "nosniff" };
  return { status: problem.status, text, headers: { ...problemHeaders(error), ...length } };
}
