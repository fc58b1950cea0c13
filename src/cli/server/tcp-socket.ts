import { CliError } from "../errors.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { objectIn, throwProblemIn } from "./socket-problem.ts";
import { messagesOf, type WebSocket } from "./web-socket.ts";

/** So much may wait for the server before we read no more of our side. */
const maxWaitingBytes = 1024 * 1024;

/** A TCP service that the configuration of a worker names. */
export interface TcpTarget {
  readonly worker: string;
  readonly service: string;
}

/** A connection to a service of a worker, by way of the server. */
export class TcpSocket {
  /** Bytes of the service, to its end. */
  readonly incoming: AsyncIterable<Uint8Array>;
  readonly #webSocket: WebSocket;

  private constructor(webSocket: WebSocket, incoming: AsyncIterable<Uint8Array>) {
    this.#webSocket = webSocket;
    this.incoming = incoming;
  }

  /** @throws {ServerProblem} when there is no such service, or it is not for us; as `ApiClient.webSocket` does. */
  static async open(api: ApiClient, { worker, service }: TcpTarget, signal: AbortSignal): Promise<TcpSocket> {
    await api.connect(signal);
    const webSocket = await api.webSocket(apiPath`/workers/${worker}/tcp/${service}`, signal);
    const messages = messagesOf(webSocket, signal);
    try {
      const first = await messages.next();
      if (first.done || first.value.isBinary) throw broken();
      expectOpened(first.value.data);
      return new TcpSocket(webSocket, bytesOf(messages, webSocket));
    } catch (error) {
      webSocket.terminate();
      throw error;
    }
  }

  /** Send all of it, and then that there is no more: the service may still answer. A slow server slows `source`. */
  async sendAll(source: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of source) await this.#sent(chunk);
    if (this.#isOpen) this.#webSocket.send(JSON.stringify({ end: true }));
  }

  close(): void {
    this.#webSocket.terminate();
  }

  get #isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  /** Resolves when the server can take more, or will take nothing. */
  async #sent(chunk: Uint8Array): Promise<void> {
    if (!this.#isOpen) return;
    await new Promise<void>((resolve) => {
      this.#webSocket.send(chunk, () => resolve());
      if (this.#webSocket.bufferedAmount < maxWaitingBytes) resolve();
    });
  }
}

async function* bytesOf(messages: AsyncIterable<{ data: Buffer; isBinary: boolean }>, webSocket: WebSocket) {
  let code = 1006;
  webSocket.once("close", (closeCode) => (code = closeCode));
  for await (const { data, isBinary } of messages) {
    if (isBinary) yield data;
    else throwProblem(data);
  }
  // An end that nobody said is a break: what came must not be taken for all.
  if (code !== 1000 && code !== 1005) throw broken();
}

/** @throws {ServerProblem}, or that the connection broke, when the message says anything else. */
function expectOpened(data: Buffer): void {
  if (objectIn(data)["opened"] === undefined) throwProblem(data);
}

function throwProblem(data: Buffer): never {
  throwProblemIn(data);
  throw broken();
}

const broken = (): CliError => new CliError("SERVER_UNREACHABLE", "the connection to the service broke");
