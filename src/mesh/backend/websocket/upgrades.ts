import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { TlsServerSource } from "#core";
import type { Session } from "../backend.ts";
import { hostAndPort } from "../host-and-port.ts";
import type { SparingLog } from "../sparing-log.ts";
import { type AdmittedClient, admitTlsClient } from "../tls-road.ts";
import { WebSocketSession } from "./session.ts";
import { refuseUpgrade } from "./upgrade-rules.ts";
import { upgrader } from "./ws.ts";

export interface UpgradeSettings {
  /** One that ends in a slash takes everything below it, another only itself. */
  readonly path: string;
  /** What the HTTP server speaks TLS with; absent: it does not. */
  readonly tls?: TlsServerSource | undefined;
  readonly maxMessageBytes: number;
}

/** Makes sessions of the upgrade requests of an HTTP server. */
export class Upgrades {
  readonly #settings: UpgradeSettings;
  readonly #description: string;
  readonly #refusals: SparingLog;
  readonly #take: (session: Session) => void;
  readonly #webSockets: ReturnType<typeof upgrader>;

  constructor(settings: UpgradeSettings, description: string, refusals: SparingLog, take: (session: Session) => void) {
    this.#settings = settings;
    this.#description = description;
    this.#refusals = refusals;
    this.#take = take;
    this.#webSockets = upgrader(settings.maxMessageBytes);
  }

  /** For the `upgrade` event. The socket is ours from now on. */
  handle(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const admitted = this.#admit(request, socket);
    if (!admitted) return;
    const about = {
      description: `ws ${hostAndPort(socket.remoteAddress ?? "?", socket.remotePort ?? 0)}`,
      maxMessageBytes: this.#settings.maxMessageBytes,
      ...admitted,
    };
    this.#webSockets.upgrade(request, socket, head, (open) => this.#take(new WebSocketSession(open, about)));
  }

  /** What a client proved that may have its WebSocket; another gets its refusal and is gone. */
  #admit(request: IncomingMessage, socket: Socket): AdmittedClient | undefined {
    const { tls, path } = this.#settings;
    const secure = tls && admitTlsClient(tls, socket as TLSSocket, this.#description, this.#refusals);
    if (tls && !secure) return undefined;
    const refusal = refuseUpgrade(request, path);
    if (!refusal) return secure ?? { provenNodeIds: undefined };
    const { status, text } = refusal;
    this.#refusals.warn(`${this.#description} refused a client: ${status} ${text}`, {
      remoteAddress: socket.remoteAddress,
    });
    socket.on("error", () => {});
    socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
    return undefined;
  }
}
