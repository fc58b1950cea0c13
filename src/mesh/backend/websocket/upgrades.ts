import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { TlsServerSource } from "#core";
import type { Session } from "../backend.ts";
import { hostAndPort } from "../host-and-port.ts";
import type { SparingLog } from "../sparing-log.ts";
import { type AdmittedClient, admitTlsClient } from "../tls-road.ts";
import { proofHeader, proofVersion } from "./node-proof.ts";
import { type ProofKeys, Proving } from "./proving.ts";
import { WebSocketSession } from "./session.ts";
import { refuseUpgrade } from "./upgrade-rules.ts";
import { type OpenWebSocket, upgrader } from "./ws.ts";

export interface UpgradeSettings {
  /** One that ends in a slash takes everything below it, another only itself. */
  readonly path: string;
  /** What the HTTP server speaks TLS with; absent: it does not. */
  readonly tls?: TlsServerSource | undefined;
  readonly maxMessageBytes: number;
  /** Asks those whom TLS does not name, when they offer to prove who they are. */
  readonly proofs?: ProofKeys | undefined;
}

/** Makes sessions of the upgrade requests of an HTTP server. */
export class Upgrades {
  readonly #settings: UpgradeSettings;
  readonly #description: string;
  readonly #refusals: SparingLog;
  readonly #take: (session: Session) => void;
  readonly #webSockets: ReturnType<typeof upgrader>;
  readonly #proving: Proving | undefined;

  constructor(settings: UpgradeSettings, description: string, refusals: SparingLog, take: (session: Session) => void) {
    this.#settings = settings;
    this.#description = description;
    this.#refusals = refusals;
    this.#take = take;
    this.#webSockets = upgrader(settings.maxMessageBytes);
    this.#proving = settings.proofs && new Proving(settings.proofs);
  }

  /**
   * For the `upgrade` event. The socket is ours from now on.
   *
   * @param from where it comes from, when that is not the socket's address: a proxy is before us.
   */
  handle(request: IncomingMessage, socket: Socket, head: Buffer, from?: string): void {
    const admitted = this.#admit(request, socket);
    if (!admitted) return;
    const { maxMessageBytes } = this.#settings;
    const description = `ws ${from ?? hostAndPort(socket.remoteAddress ?? "?", socket.remotePort ?? 0)}`;
    const take = (open: OpenWebSocket, provenNodeIds: readonly string[] | undefined): void =>
      this.#take(new WebSocketSession(open, { description, maxMessageBytes, provenNodeIds }));
    const proving = admitted.provenNodeIds === undefined && isOffered(request) ? this.#proving : undefined;
    if (!proving) return this.#webSockets.upgrade(request, socket, head, (open) => take(open, admitted.provenNodeIds));
    const refused = (why: string): void =>
      this.#refusals.warn(`${this.#description} refused a client: ${why}`, {
        remoteAddress: from ?? socket.remoteAddress,
      });
    const ask = (open: OpenWebSocket): void => proving.ask(open, (node) => take(open, [node]), refused);
    this.#webSockets.upgrade(request, socket, head, ask, { [proofHeader]: proofVersion });
  }

  /** What a client proved that may have its WebSocket; another gets its refusal and is gone. */
  #admit(request: IncomingMessage, socket: Socket): AdmittedClient | undefined {
    const { tls, path } = this.#settings;
    // Behind a proxy that speaks TLS the socket has none, whatever the listener could do.
    const isSecure = tls !== undefined && socket instanceof TLSSocket;
    const secure = isSecure ? admitTlsClient(tls, socket, this.#description, this.#refusals) : undefined;
    if (isSecure && !secure) return undefined;
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

function isOffered({ headers }: IncomingMessage): boolean {
  return headers[proofHeader.toLowerCase()] === proofVersion;
}
