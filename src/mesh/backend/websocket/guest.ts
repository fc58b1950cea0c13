import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Log, silentLog, type TlsServerSource } from "#core";
import type { Backend, Session } from "../backend.ts";
import { SessionSet } from "../session-set.ts";
import { SparingLog } from "../sparing-log.ts";
import { maxFrameBytes } from "../tcp/framer.ts";
import type { ProofKeys } from "./proving.ts";
import { Upgrades } from "./upgrades.ts";

/** A WebSocket road on the port of somebody else's HTTP server. */
export interface WebSocketGuest extends Backend {
  /** Whether a request is for the road: its path is. */
  isFor(request: Pick<IncomingMessage, "url">): boolean;
  /**
   * For the server's `upgrade` event; the socket is ours from now on. Before the start and after the end it is closed.
   *
   * @param from where it comes from, when a proxy is before the server.
   */
  handle(request: IncomingMessage, socket: Socket, head: Buffer, from?: string): void;
}

export interface WebSocketGuestSettings {
  readonly path: string;
  /** What the server speaks TLS with: what its clients prove counts here. */
  readonly tls?: TlsServerSource | undefined;
  /** Keys of those who may prove who they are without a certificate (decision 15); absent: nobody. */
  readonly proofs?: ProofKeys | undefined;
}

/** A listener without a port of its own. Closing it ends its sessions; the server goes on. */
export function webSocketGuest({ path, tls, proofs }: WebSocketGuestSettings, log: Log = silentLog): WebSocketGuest {
  const description = `ws-listener ${path}`;
  const refusals = new SparingLog(log);
  let upgrades: Upgrades | undefined;
  return {
    description,
    isFor: ({ url = "" }) => url.split("?", 1)[0] === path,
    handle: (request, socket, head, from) => {
      if (upgrades) upgrades.handle(request, socket, head, from);
      else socket.destroy();
    },
    start: (accept) => {
      const sessions = new SessionSet();
      const take = (session: Session): void => accept(sessions.add(session));
      upgrades = new Upgrades({ path, tls, proofs, maxMessageBytes: maxFrameBytes }, description, refusals, take);
      const close = async (): Promise<void> => {
        upgrades = undefined;
        await sessions.close();
      };
      return Promise.resolve({ addresses: [], close });
    },
  };
}
