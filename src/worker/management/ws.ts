/** The only file of this folder that knows ws. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

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
