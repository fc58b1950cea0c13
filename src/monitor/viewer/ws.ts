/** The only file of this room that knows ws. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

export type { WebSocket };

/**
 * Turns upgrade requests that were found good into WebSockets: no compression, no message longer than agreed, and of the
 * subprotocols only ours.
 */
export function webSockets(maxMessageBytes: number, subprotocol: string) {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, take: (webSocket: WebSocket) => void): void {
      server.handleUpgrade(request, socket, head, take);
    },
  };
}
