import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { errorText, type Log, type Secret } from "#core";
import type { Channel } from "../channel/channel.ts";
import type { ChannelSource, Opening } from "../channel/channel-source.ts";
import { type Channels, shown } from "../channel/channels.ts";
import { MonitorError } from "../errors.ts";
import { isChannelToken } from "./channel-token.ts";
import { closeCodes } from "./close-codes.ts";
import { type Asked, readFirstMessage, readQuery, type Subscription, subprotocol } from "./subscription.ts";
import { closeSoon, type Delivered, type ReadRun, Viewer, type ViewerRules } from "./viewer.ts";
import type { WebSocket } from "./ws.ts";

/** What every connection needs. */
export interface ViewerHouse {
  readonly channels: Channels;
  readonly read: ReadRun;
  readonly rules: ViewerRules;
  readonly delivered: Delivered;
  readonly secret: Secret | undefined;
  readonly source: ChannelSource | undefined;
  readonly log: Log;
}

export interface Patience {
  /** Until the first message. */
  readonly firstMessageMs: number;
  readonly pingEveryMs: number;
  readonly pongWithinMs: number;
}

/** A WebSocket of somebody who wants to watch: first it names a channel, then it gets that. */
export class ViewerConnection {
  readonly address: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #house: ViewerHouse;
  #viewer: Viewer | undefined;
  #channel: Channel | undefined;
  #opening: Pick<Opening, "leave"> | undefined;
  readonly #openedAt: number;
  /** When it was opened, or last answered a ping. */
  #heardAt: number;
  #pingedAt: number | undefined;

  constructor(
    { webSocket, socket }: { readonly webSocket: WebSocket; readonly socket: Duplex },
    request: IncomingMessage,
    address: string,
    house: ViewerHouse,
    now: () => number,
  ) {
    this.address = address;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#house = house;
    this.#openedAt = now();
    this.#heardAt = this.#openedAt;
    const target = request.url ?? "";
    webSocket.on("error", (error) => house.log.debug(`viewer ${address}: ${error.message}`));
    webSocket.on("pong", () => {
      // Nobody asked for it: it says nothing about whether the viewer still listens.
      if (this.#pingedAt === undefined) return;
      this.#heardAt = now();
      this.#pingedAt = undefined;
    });
    // A second message means nothing (§9).
    webSocket.once("message", (data: Buffer, isBinary: boolean) => this.#subscribe(data, isBinary, target));
    webSocket.on("close", (code) => this.#gone(code));
  }

  /** Look whether it is still there. */
  tick(now: number, { firstMessageMs, pingEveryMs, pongWithinMs }: Patience): void {
    if (!this.#viewer) {
      if (now - this.#openedAt >= firstMessageMs) this.close(closeCodes.late, "no channel was named in time");
    } else if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt >= pongWithinMs) this.terminate();
    } else if (now - this.#heardAt >= pingEveryMs) {
      this.#pingedAt = now;
      this.#webSocket.ping();
    }
  }

  close(code: number, reason: string): void {
    if (this.#viewer) this.#viewer.close(code, reason);
    else closeSoon(this.#webSocket, code, reason);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  #subscribe(data: Buffer, isBinary: boolean, target: string): void {
    const { channels, source, log } = this.#house;
    let asked: Subscription;
    try {
      asked = this.#asked(data, isBinary, readQuery(target));
    } catch (error) {
      return this.close(closeCodes.invalid, errorText(error));
    }
    if (!this.#enter(asked)) {
      log.info(`viewer ${this.address} has no token for channel ${shown(asked.channel)}`);
      return this.close(closeCodes.refused, "the channel needs a token");
    }
    const known = channels.get(asked.channel);
    if (asked.from > (known?.extents.end ?? 0)) return this.close(closeCodes.beyond, "the channel is not as long");
    const channel = known ?? channels.open(asked.channel);
    log.info(`viewer ${this.address} watches channel ${shown(channel.id)}`);
    this.#channel = channel;
    this.#viewer = new Viewer({ webSocket: this.#webSocket, socket: this.#socket }, channel, asked.from, this.#house);
    this.#viewer.start();
    if (source?.owns(channel.id)) source.watched(channel.id);
  }

  /** Whether it may watch; by the right of somebody whose right may end. */
  #enter({ channel, token }: Subscription): boolean {
    const { secret, source } = this.#house;
    if (secret && isChannelToken(secret, channel, token)) return true;
    if (!source?.owns(channel)) return !secret;
    const opening = source.opens(channel, token);
    if (!opening) return false;
    const { ended } = opening;
    const cut = (): void => this.close(closeCodes.revoked, errorText(ended.reason).slice(0, 100));
    ended.addEventListener("abort", cut, { once: true });
    this.#opening = { leave: () => opening.leave() };
    return !ended.aborted;
  }

  #asked(data: Buffer, isBinary: boolean, asked: Asked): Subscription {
    const isObject = this.#webSocket.protocol === subprotocol;
    if (isBinary) throw new MonitorError("SUBSCRIPTION_INVALID", "the first message must be a text");
    return readFirstMessage(data.toString(), isObject, asked);
  }

  #gone(code: number): void {
    this.#viewer?.stop();
    this.#opening?.leave();
    const { channels, source } = this.#house;
    if (this.#channel) channels.forget(this.#channel);
    if (this.#channel?.readers.size === 0 && source?.owns(this.#channel.id)) source.left(this.#channel.id);
    this.#house.log.info(`viewer ${this.address} has gone (${code})`);
  }
}
