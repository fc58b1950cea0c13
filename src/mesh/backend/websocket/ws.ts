import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, TLSSocket } from "node:tls";
import { WebSocket, WebSocketServer } from "ws";

export type { WebSocket } from "ws";

/** What both sides of a road have in common (spec §3.2): no compression, and no message longer than agreed. */
function roadOptions(maxMessageBytes: number) {
  return { perMessageDeflate: false, maxPayload: maxMessageBytes, skipUTF8Validation: true };
}

/** What a client sends and trusts. */
export interface ClientOptions {
  readonly maxMessageBytes: number;
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent | undefined;
  readonly tls: ConnectionOptions;
  /** Sees a TLS connection before a byte of ours is on it. @throws what the dial is to fail with. */
  checkServer(socket: TLSSocket): void;
}

/** A WebSocket that is open, and what it stands on. */
export interface OpenWebSocket {
  readonly webSocket: WebSocket;
  readonly socket: Duplex;
}

/**
 * Open a WebSocket to a `ws:` or `wss:` address.
 *
 * @param take gets it in the very moment it opens: later, messages would be missed.
 */
export function openWebSocket<T>(
  url: URL,
  { maxMessageBytes, origin, headers, agent, tls, checkServer }: ClientOptions,
  signal: AbortSignal,
  take: (open: OpenWebSocket) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url, [], {
      ...tls,
      ...roadOptions(maxMessageBytes),
      ...(agent ? { agent } : {}),
      origin,
      headers,
      finishRequest: (request) => endWhenTrusted(request, checkServer),
    });
    let socket: Duplex | undefined;
    const aborted = (): void => {
      reject(signal.reason);
      webSocket.terminate();
    };
    webSocket.once("upgrade", (response: IncomingMessage) => {
      socket = response.socket;
    });
    webSocket.once("open", () => {
      signal.removeEventListener("abort", aborted);
      if (socket) resolve(take({ webSocket, socket }));
    });
    webSocket.on("error", (error) => {
      signal.removeEventListener("abort", aborted);
      reject(error);
    });
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
  });
}

/** The headers may hold a secret: they go only to a server that has proved itself. */
function endWhenTrusted(request: ClientRequest, checkServer: (socket: TLSSocket) => void): void {
  request.once("socket", (socket) => {
    if (!(socket instanceof TLSSocket)) return request.end();
    const check = (): void => {
      try {
        checkServer(socket);
        request.end();
      } catch (error) {
        request.destroy(error as Error);
      }
    };
    if (isSecuring(socket)) socket.once("secureConnect", check);
    else check();
  });
}

/** The handshake goes on; the types of Node do not know the property. */
function isSecuring(socket: TLSSocket & { readonly secureConnecting?: boolean }): boolean {
  return socket.secureConnecting === true;
}

/** Turns upgrade requests that were found good into WebSockets. */
export interface Upgrader {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, take: (open: OpenWebSocket) => void): void;
}

/** An upgrader for messages up to a length. */
export function upgrader(maxMessageBytes: number): Upgrader {
  const server = new WebSocketServer({
    ...roadOptions(maxMessageBytes),
    noServer: true,
    clientTracking: false,
    // Receptor agrees on no subprotocol, whatever is offered.
    handleProtocols: () => false,
  });
  const upgrade: Upgrader["upgrade"] = (request, socket, head, take) =>
    server.handleUpgrade(request, socket, head, (webSocket) => take({ webSocket, socket }));
  return { upgrade };
}
