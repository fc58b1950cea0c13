import type { IncomingMessage } from "node:http";
import { timeLimit } from "#core";
import type { ConnectionHandle } from "./connection-handle.ts";
import { CliError } from "../errors.ts";
import { agentFor } from "./agent.ts";
import { connectFault } from "./connect-fault.ts";
import { bodyOf, exchange, textOf } from "./exchange.ts";
import { ServerProblem } from "./problem.ts";
import type { Trust } from "./trust.ts";
import type { WebSocket } from "./web-socket.ts";
import { programVersion } from "../version.ts";

/** A server, why we trust it, and who we are there. */
export interface ApiAddress {
  readonly url: URL;
  readonly trust: Trust;
  /** Session or API token; without one only what is open to everybody works. */
  readonly token?: string | undefined;
  /** Asks for a code of the second factor, and gives the token the session has from then on. */
  readonly stepUp?: ((api: ApiClient) => Promise<string | undefined>) | undefined;
}

/** What to send along. */
export interface Asking {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A body that is sent while it is read. */
export interface Upload {
  readonly type: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

const maxAnswerBytes = 16 * 1024 * 1024;
/** Until a plain request is answered; streams take as long as they take. */
const answerMs = 60_000;

/** A client of the API of one server (routes: docs/openapi of the server). Close it when done. */
export class ApiClient {
  readonly url: URL;
  readonly #address: ApiAddress;
  readonly #agent: ReturnType<typeof agentFor>;
  #connection: ConnectionHandle | undefined;
  #token: string | undefined;
  #aheadMs = 0;

  constructor(address: ApiAddress) {
    this.url = address.url;
    this.#address = address;
    this.#token = address.token;
    this.#agent = agentFor(address.url, address.trust);
  }

  /** The session has another token from now on. */
  set token(token: string) {
    this.#token = token;
  }

  /**
   * Ask for one document.
   *
   * @param path below `/api`, by `apiPath`.
   * @throws {ServerProblem} what the server refused; {CliError} `SERVER_UNREACHABLE`, `SERVER_UNTRUSTED`, `ANSWER_INVALID`.
   */
  async ask(method: string, path: string, asking: Asking = {}): Promise<unknown> {
    try {
      return await this.#askOnce(method, path, asking);
    } catch (error) {
      if (!(await this.#isMended(error, path, asking.signal))) throw error;
      return await this.#askOnce(method, path, asking);
    }
  }

  /** Send bytes while they are read, and wait for the document that answers them. Throws as {@link ask} does. */
  async upload(method: string, path: string, upload: Upload, { headers = {}, signal = never() }: Asking = {}) {
    // It cannot be sent twice, so what may be missing is got before.
    await this.connect(signal);
    const all = { "content-type": upload.type, ...headers };
    try {
      return await this.#document(await this.#exchange(method, path, all, upload.chunks, signal));
    } catch (error) {
      // So that the next request has another.
      if (error instanceof ServerProblem && error.code === "HANDLE_REFUSED") this.#connection?.drop();
      throw error;
    }
  }

  /** Bytes as they come. Throws as {@link ask} does, also in the middle: `SERVER_UNREACHABLE` when they break off. */
  async *download(path: string, signal: AbortSignal = never()): AsyncGenerator<Uint8Array> {
    const answer = await this.#downloaded(path, signal);
    try {
      yield* bodyOf(answer, this.url);
    } finally {
      answer.destroy();
    }
  }

  /** Open a WebSocket of the API. Throws as {@link ask} does. */
  async webSocket(path: string, signal: AbortSignal): Promise<WebSocket> {
    return await this.#socket(path, await this.#headers(signal), signal);
  }

  async #socket(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WebSocket> {
    const { openWebSocket, UpgradeRefused } = await import("./web-socket.ts");
    const url = this.#urlOf(path);
    url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
    try {
      return await openWebSocket(url, this.#agent, headers, signal);
    } catch (error) {
      if (error instanceof UpgradeRefused) await this.#document(error.answer);
      throw signal.aborted ? error : connectFault(this.url, error);
    }
  }

  /** Get the handle by which a session speaks to workers (CAT-47). API tokens need none. */
  async connect(signal: AbortSignal = never()): Promise<void> {
    if (this.#connection || !this.#token?.startsWith("fhs_")) return;
    const { ConnectionHandle } = await import("./connection-handle.ts");
    const handle = new ConnectionHandle(
      (until) => this.#socket("/connection", this.#credential(), until),
      (why) => connectFault(this.url, why),
    );
    await handle.get(signal);
    this.#connection = handle;
  }

  /** Milliseconds since 1970 by the server's clock, as far as it is known: ages of what it tells are reckoned by it. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  close(): void {
    this.#connection?.close();
    this.#agent.destroy();
  }

  /** Whether what was refused may be asked again, because what was missing is there now. */
  async #isMended(error: unknown, path: string, signal: AbortSignal | undefined): Promise<boolean> {
    if (!(error instanceof ServerProblem)) return false;
    if (error.code === "HANDLE_REFUSED") {
      // Of a connection that has just been cut the server may know before we do.
      this.#connection?.drop();
      await this.connect(signal);
      return this.#connection !== undefined;
    }
    if (error.code !== "FACTOR_NEEDED" || path.startsWith("/login")) return false;
    const token = await this.#address.stepUp?.(this);
    if (token !== undefined) this.#token = token;
    return token !== undefined;
  }

  async #askOnce(method: string, path: string, { body, headers = {}, signal }: Asking): Promise<unknown> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const type = json === undefined ? {} : { "content-type": "application/json" };
    const limit = timeLimit(answerMs);
    const both = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
      const answer = await this.#exchange(method, path, { ...type, ...headers }, json, both);
      return await this.#document(answer);
    } catch (error) {
      if (!limit.aborted || signal?.aborted) throw error;
      throw connectFault(this.url, new Error(`it did not answer within ${answerMs / 1000} s`));
    }
  }

  async #downloaded(path: string, signal: AbortSignal, isSecondTry = false): Promise<IncomingMessage> {
    const answer = await this.#exchange("GET", path, {}, undefined, signal);
    if (answer.statusCode === 200 || answer.statusCode === 206) return answer;
    try {
      await this.#document(answer);
    } catch (error) {
      if (isSecondTry || !(await this.#isMended(error, path, signal))) throw error;
      return await this.#downloaded(path, signal, true);
    }
    throw this.#invalid("it gives no bytes");
  }

  async #exchange(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | AsyncIterable<Uint8Array> | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const length = typeof body === "string" ? { "content-length": Buffer.byteLength(body) } : {};
    const all = { ...(await this.#headers(signal)), ...length, ...headers };
    const request = { method, url: this.#urlOf(path), agent: this.#agent, headers: all, body, signal };
    const answer = await exchange(request);
    const date = Date.parse(answer.headers.date ?? "");
    if (!Number.isNaN(date)) this.#aheadMs = clockDifference(date, Date.now());
    return answer;
  }

  async #headers(signal: AbortSignal): Promise<Record<string, string>> {
    const handle = this.#connection ? { "x-connection": await this.#connection.get(signal) } : {};
    return { ...this.#credential(), ...handle };
  }

  #credential(): Record<string, string> {
    const credential = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    return { "user-agent": `farhand/${programVersion()}`, accept: "application/json", ...credential };
  }

  #urlOf(path: string): URL {
    return new URL(`${this.url.href.replace(/\/$/, "")}/api${path}`);
  }

  async #document(answer: IncomingMessage): Promise<unknown> {
    const status = answer.statusCode ?? 0;
    const text = await textOf(answer, this.url, maxAnswerBytes, () => this.#invalid("its answer is too long"));
    if (status === 204 || (status < 300 && text === "")) return undefined;
    const document = jsonIn(answer, text);
    if (status >= 200 && status < 300 && document !== undefined) return document;
    if (status < 400) throw this.#invalid(`it answers ${status} with no document`);
    throw new ServerProblem(status, isRecord(document) ? document : {});
  }

  #invalid(why: string): CliError {
    return new CliError("ANSWER_INVALID", `${this.url.host} does not answer as a server of Farhand does: ${why}`);
  }
}

/** `Date` has whole seconds: a difference below two may be none. */
function clockDifference(server: number, here: number): number {
  return Math.abs(server - here) < 2_000 ? 0 : server - here;
}

function jsonIn(answer: IncomingMessage, text: string): unknown {
  if (!/^application\/(problem\+)?json\b/i.test(answer.headers["content-type"] ?? "")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function never(): AbortSignal {
  return new AbortController().signal;
}
