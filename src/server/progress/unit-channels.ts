import { randomBytes } from "node:crypto";
import { errorText } from "#core";
import type { ChannelSource, FedChannels, Opening } from "#monitor";
import { ServerError } from "../errors.ts";
import { type GrantMaker, ProgressGrants } from "./progress-grants.ts";
import { UnitChannel, type UnitSources } from "./unit-channel.ts";
import { isUnitChannel, unitChannelId, type UnitName, unitOfChannel } from "./unit-channel-id.ts";

/** Viewers that come back at once find everything as it was. */
const pauseMs = 10_000;

/** What somebody who may see a unit needs to watch its channel. */
export interface ProgressGrant {
  readonly channel: string;
  readonly token: string;
  /** The token opens the channel until then, milliseconds since 1970. Who watches goes on watching, as long as its maker may. */
  readonly expiresAt: number;
}

export interface UnitChannelsOptions extends Omit<UnitSources, "asker"> {
  readonly pauseMs?: number;
}

interface Fed {
  readonly workerId: string;
  readonly unit: UnitChannel;
  readonly stop: AbortController;
  pause: NodeJS.Timeout | undefined;
}

/**
 * A channel for each unit of each worker (docs/wire/progress.md). A unit's output is read from its worker only while somebody
 * watches, and by nobody's leave but the worker's: it is asked as a viewer asks.
 */
export class UnitChannels implements ChannelSource {
  readonly #options: UnitChannelsOptions;
  readonly #grants = new ProgressGrants();
  readonly #session = `progress-${randomBytes(8).toString("hex")}`;
  readonly #feeding = new Map<string, Fed>();
  #fed: FedChannels | undefined;

  constructor(options: UnitChannelsOptions) {
    this.#options = options;
  }

  /** The monitor that shows them, or none any more; before there is one nothing can be granted. */
  showOn(fed: FedChannels | undefined): void {
    this.#fed = fed;
    if (!fed) for (const channel of this.#feeding.keys()) this.#stop(channel);
  }

  /** For somebody who may see the unit; undefined: no monitor runs with this server. */
  grant(name: UnitName, maker: GrantMaker): ProgressGrant | undefined {
    if (!this.#fed) return undefined;
    const channel = unitChannelId(name);
    const { token, until } = this.#grants.make(channel, maker, this.#now());
    return { channel, token, expiresAt: until * 1_000 };
  }

  /** A session or API token is over: by what it was granted nobody begins to watch. */
  ended(makerId: string): void {
    this.#grants.end(makerId);
  }

  owns(channel: string): boolean {
    return isUnitChannel(channel);
  }

  opens(channel: string, token: string | undefined): Opening | undefined {
    const maker = this.#grants.makerOf(channel, token, this.#now());
    if (!maker) return undefined;
    const over = new AbortController();
    const cut = (why: Error): void => {
      // Who watches a unit of a worker that was removed is told so by the channel's last message.
      if (!(why instanceof ServerError && why.code === "WORKER_NOT_FOUND")) over.abort(why);
    };
    try {
      return { ended: over.signal, leave: maker.enter(cut) };
    } catch (error) {
      this.#options.log.info("a viewer of a unit is turned away", { channel, why: errorText(error) });
      return undefined;
    }
  }

  watched(channel: string): void {
    const known = this.#feeding.get(channel);
    if (known) {
      clearTimeout(known.pause);
      known.pause = undefined;
      return;
    }
    const name = unitOfChannel(channel);
    if (!name || !this.#fed) return;
    const unit = new UnitChannel(name, this.#fed, this.#sources());
    const fed: Fed = { workerId: name.workerId, unit, stop: new AbortController(), pause: undefined };
    this.#feeding.set(channel, fed);
    void this.#feed(channel, fed);
  }

  left(channel: string): void {
    const known = this.#feeding.get(channel);
    if (known) known.pause ??= setTimeout(() => this.#stop(channel), this.#options.pauseMs ?? pauseMs).unref();
  }

  /** A worker was removed: whoever watches one of its units is told, and sent home. */
  removed(workerId: string): void {
    for (const fed of this.#feeding.values()) if (fed.workerId === workerId) fed.unit.removed();
  }

  /** Units whose output is read now. */
  get feeding(): number {
    return this.#feeding.size;
  }

  close(): void {
    this.showOn(undefined);
  }

  async #feed(channel: string, fed: Fed): Promise<void> {
    const { signal } = fed.stop;
    try {
      await fed.unit.feed(signal);
    } catch (error) {
      if (!signal.aborted)
        this.#options.log.warn("a unit's channel is fed no longer", { channel, error: errorText(error) });
    } finally {
      clearTimeout(fed.pause);
      if (this.#feeding.get(channel) === fed) this.#feeding.delete(channel);
    }
  }

  #stop(channel: string): void {
    const known = this.#feeding.get(channel);
    this.#feeding.delete(channel);
    clearTimeout(known?.pause);
    known?.stop.abort();
  }

  #sources(): UnitSources {
    const now = this.#options.clock.now();
    // What a worker gives to viewers, and no more: it decides that by its own map of roles.
    const rights = { roles: ["viewer"], level: "monitor", methods: ["token"] } as const;
    const asker = { userId: "server", name: "live progress", ...rights, loggedInAt: now, session: this.#session };
    return { ...this.#options, asker };
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1_000);
  }
}
