import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { TlsClientSource } from "#core";
import { MeshError } from "../../errors.ts";
import { dialError } from "../dial-error.ts";
import { maxBatchBytes } from "../numbered/batch.ts";
import { proxyAgentFor, proxyUrlFor } from "../proxy-agent.ts";
import { checkTlsServer } from "../tls-road.ts";
import { readBody } from "./body.ts";

/** One request of a client. */
export interface Ask {
  readonly method: "GET" | "POST";
  /** Added to the query of the address. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly limitMs: number;
}

/** What came back, whole. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** An `http-peer`. */
export interface HttpPeerSettings {
  /** `http` or `https`. A user and a password in it are sent as basic authorization. */
  readonly url: string;
  readonly tls?: TlsClientSource | undefined;
  /** `Key: value`, sent with every request (spec §3.2, as of WebSockets). */
  readonly extraHeader?: string | undefined;
  /** URL of the HTTP proxy; the environment's when absent. */
  readonly proxy?: string | undefined;
}

/**
 * Requests to one address, directly or by the proxy that the environment names: by CONNECT for `https`, and for `http`
 * as ordinary proxied requests, since many proxies allow no other.
 */
export class Requests {
  readonly #url: URL;
  readonly #tls: TlsClientSource | undefined;
  readonly #agent: Agent;
  readonly #target: RequestOptions;
  readonly #headers: Record<string, string>;
  readonly #isTls: boolean;
  readonly #isAbsolute: boolean;
  readonly #closed = new AbortController();
  readonly #checked = new WeakSet<Socket>();
  #proven: readonly string[] | undefined;

  /** @throws {MeshError} `DIAL_FAILED` for an address that is none; TlsProfileError. */
  constructor({ url, tls, extraHeader, proxy: named }: HttpPeerSettings) {
    this.#url = parseUrl(url);
    this.#tls = tls;
    const isSecure = this.#url.protocol === "https:";
    const proxy = isSecure ? undefined : named ? new URL(named) : proxyUrlFor(url);
    this.#isTls = isSecure || proxy?.protocol === "https:";
    const tunnel = isSecure ? proxyAgentFor(url, this.#closed.signal, named) : undefined;
    const own = { keepAlive: true, maxSockets: 4 };
    this.#agent = tunnel ?? (this.#isTls ? new TlsAgent(own) : new Agent(own));
    this.#target = {
      ...(isSecure && tls ? tls.options(bareHost(this.#url)) : {}),
      ...(proxy ? endpoint(proxy) : endpoint(this.#url)),
      agent: this.#agent,
    };
    this.#headers = {
      ...headerOf(extraHeader),
      Host: this.#url.host,
      "Cache-Control": "no-store",
      ...authorization("Authorization", this.#url),
      ...(proxy ? authorization("Proxy-Authorization", proxy) : {}),
    };
    this.#isAbsolute = proxy !== undefined;
  }

  /** Receptor node ids that the far end proved with its certificate; known after the first answer. */
  get provenNodeIds(): readonly string[] | undefined {
    return this.#proven;
  }

  /** Ask, and wait for the whole answer. @throws {MeshError} `DIAL_FAILED`, `TLS_REFUSED`; the signal's reason. */
  async ask(ask: Ask, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new MeshError("DIAL_FAILED", "no answer came in time")), ask.limitMs);
    const stop = (): void => limit.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await this.#exchange(ask, limit.signal);
    } catch (error) {
      limit.signal.throwIfAborted();
      throw dialError(error, this.#isTls);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Close the connections that are kept. */
  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }

  async #exchange({ method, query = {}, headers, body }: Ask, signal: AbortSignal): Promise<Answer> {
    const url = new URL(this.#url);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const path = `${url.pathname}${url.search}`;
    const outgoing = (this.#isTls ? tlsRequest : request)({
      ...this.#target,
      method,
      path: this.#isAbsolute ? `http://${url.host}${path}` : path,
      headers: { ...this.#headers, ...headers, ...(method === "POST" ? { "Content-Length": body?.length ?? 0 } : {}) },
      signal,
    });
    const response = await this.#send(outgoing, body);
    const whole = await readBody(response, maxBatchBytes);
    if (whole === undefined) {
      response.destroy();
      throw new MeshError("PACKET_INVALID", "the answer is longer than any batch");
    }
    return { status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", body: whole };
  }

  /** Nothing is sent before the far end's certificate has been looked at. */
  async #send(outgoing: ClientRequest, body: Uint8Array | undefined): Promise<IncomingMessage> {
    return await new Promise((resolve, reject) => {
      outgoing.once("response", resolve).on("error", reject);
      outgoing.once("socket", (socket) => {
        this.#check(socket).then(
          () => outgoing.end(body),
          (error: Error) => outgoing.destroy(error),
        );
      });
    });
  }

  /** Look once at the certificate of each connection. A handshake that fails is reported by the request itself. */
  async #check(socket: Socket): Promise<void> {
    if (this.#url.protocol !== "https:" || !(socket instanceof TLSSocket) || this.#checked.has(socket)) return;
    // Not in Node's types: true until `secureConnect`.
    const { secureConnecting } = socket as TLSSocket & { readonly secureConnecting?: boolean };
    if (secureConnecting !== false) await new Promise((resolve) => socket.once("secureConnect", resolve));
    this.#proven = checkTlsServer(this.#tls, socket);
    this.#checked.add(socket);
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  // Not quoted: it may hold a password.
  throw new MeshError("DIAL_FAILED", "the address of an http-peer is no http or https address");
}

function endpoint(url: URL): RequestOptions {
  return { host: bareHost(url), port: url.port || (url.protocol === "https:" ? 443 : 80) };
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function authorization(name: string, { username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { [name]: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

/** Split at the first colon (spec §3.2). @throws {MeshError} `DIAL_FAILED` */
function headerOf(line: string | undefined): Record<string, string> {
  if (!line) return {};
  const [, key, value = ""] = /^([^:\s]+):(.*)$/s.exec(line) ?? [];
  if (key === undefined) throw new MeshError("DIAL_FAILED", "the extra header must be in the form key:value");
  return { [key]: value.trim() };
}
