/** The only file of this room that knows ws. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";

export type { WebSocket };

/** Turns upgrade requests that were found good into WebSockets: no compression, no message longer than agreed. */
export function webSockets(maxMessageBytes: number) {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: () => false,
  });
  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, take: (webSocket: WebSocket) => void): void {
      server.handleUpgrade(request, socket, head, take);
    },
  };
}

/** A WebSocket to somebody else's page; no redirect is followed. */
export function openWebSocket(
  url: string,
  protocol: string | undefined,
  options: Pick<ClientOptions, "maxPayload" | "handshakeTimeout" | "origin">,
): WebSocket {
  return new WebSocket(url, protocol === undefined ? [] : [protocol], { ...options, perMessageDeflate: false });
}
