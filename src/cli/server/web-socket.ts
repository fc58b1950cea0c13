import { on } from "node:events";
import type { Agent, IncomingMessage } from "node:http";
import { WebSocket } from "ws";

export type { WebSocket } from "ws";

const maxMessageBytes = 8 * 1024 * 1024;
/** A server that is frozen takes connections, and answers none. */
const upgradeMs = 30_000;

/** The server answered a request for a WebSocket with something else. */
export class UpgradeRefused extends Error {
  readonly answer: IncomingMessage;

  constructor(answer: IncomingMessage) {
    super(`the server answered ${answer.statusCode}`);
    this.answer = answer;
  }
}

/** Open a WebSocket; {@link messagesOf} sets it going. @throws {UpgradeRefused}, the reason of `signal`, or what the connection failed at. */
export function openWebSocket(
  url: URL,
  agent: Agent,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  limitMs = upgradeMs,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, {
      ...{ agent, headers, perMessageDeflate: false, maxPayload: maxMessageBytes, followRedirects: false },
      handshakeTimeout: limitMs,
    });
    const aborted = (): void => {
      reject(signal.reason as Error);
      webSocket.terminate();
    };
    webSocket.once("unexpected-response", (_request, answer) => reject(new UpgradeRefused(answer)));
    webSocket.once("open", () => {
      signal.removeEventListener("abort", aborted);
      // Until somebody listens: a message that comes before would be missed.
      webSocket.pause();
      resolve(webSocket);
    });
    webSocket.on("error", (error) => {
      signal.removeEventListener("abort", aborted);
      reject(error);
    });
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
  });
}

/** A message as it came: bytes, or a text. */
export interface SocketMessage {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** What comes in until either side closes; a slow reader slows the other side. @throws what the connection broke of. */
export async function* messagesOf(webSocket: WebSocket, signal: AbortSignal): AsyncGenerator<SocketMessage> {
  const messages = on(webSocket, "message", { close: ["close"], signal, highWaterMark: 64 });
  webSocket.resume();
  for await (const [data, isBinary] of messages as AsyncIterable<[Buffer, boolean]>) yield { data, isBinary };
}
