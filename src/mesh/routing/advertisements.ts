import { errorText, type Log } from "#core";
import {
  type Advertisement,
  decodeAdvertisement,
  encodeAdvertisement,
  type WorkCommand,
} from "../packet/advertisement.ts";
import type { ConnType } from "../wire.ts";
import { Allowance } from "./allowance.ts";
import type { Cancel, Environment } from "./environment.ts";
import { GrowingTime } from "./growing-time.ts";
import type { Link } from "./link.ts";

const periodMs = 60_000;
/** A service that has just come is told of soon, together with others that came with it (spec §3.9). */
const soonMs = 100;
/** A service that was withdrawn is remembered, so that its end does not go round in a ring for ever. */
const tombstoneMs = 30 * 60_000;
/** A service that nobody spoke of for so long, five times the period, is gone without a word. */
const expiryMs = 5 * periodMs + 10_000;
/** What is remembered at most, whoever tells of it. */
const maxEntries = 20_000;
const maxEntriesPerNode = 256;
const maxBytes = 32 * 1024 * 1024;
/** Advertisements told to newcomers at once, and a second for long; who comes when there are none left waits for news. */
const introducedBurst = 100_000;
const introducedPerSecond = 5_000;
/** So often we answer at once when somebody says more of us than we do; later with what we say every minute anyway. */
const mostCorrections = 8;

/** A service of this node, as others are told of it. */
export interface OwnService {
  readonly connType: ConnType;
  readonly tags: ReadonlyMap<string, string> | null;
}

/** What the board needs of its node. */
export interface BoardOptions {
  readonly ownId: string;
  readonly environment: Environment;
  readonly log: Log;
  /** Later than all that was said in earlier starts, milliseconds since 1970. */
  readonly since: number;
  readonly workCommands: () => readonly WorkCommand[];
  /** Send to all neighbours that take part in flooding, but one. */
  readonly flood: (message: Uint8Array, except?: Link) => void;
}

interface Entry {
  readonly ad: Advertisement;
  readonly message: Uint8Array;
  /** When it came, by {@link Environment.elapsed}. */
  readonly at: number;
}

/** Who offers which service (spec §3.9). Nobody needs it to dial; it is for people and for choosing a worker. */
export class AdvertisementBoard {
  readonly #options: BoardOptions;
  readonly #own = new Map<string, OwnService>();
  readonly #entries = new Map<string, Map<string, Entry>>();
  /** Time of the cancel and when it came, by node and service. */
  readonly #tombstones = new Map<string, { nanoseconds: bigint; at: number }>();
  #size = 0;
  #bytes = 0;
  readonly #introduced: Allowance;
  readonly #time: GrowingTime;
  #corrections = 0;
  #soon: Cancel | undefined;
  #period: Cancel;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#introduced = new Allowance(introducedBurst, introducedPerSecond, options.environment.elapsed());
    this.#time = new GrowingTime(() => options.environment.now(), options.since);
    this.#period = this.#later();
  }

  advertise(service: string, own: OwnService): void {
    this.#own.set(service, own);
    this.announceSoon();
  }

  /** Other tags for a service that is on offer. */
  tag(service: string, tags: ReadonlyMap<string, string> | null): void {
    const own = this.#own.get(service);
    if (own) this.advertise(service, { ...own, tags });
  }

  /** Take a service back, and tell everybody. */
  withdraw(service: string): void {
    const own = this.#own.get(service);
    if (!own) return;
    this.#own.delete(service);
    const gone = { ...this.#ad(service, own), tags: null, workCommands: null, cancel: true };
    this.#options.flood(encodeAdvertisement(gone));
  }

  /** Tell of our services again soon: something about them changed. */
  announceSoon(): void {
    this.#soon ??= this.#options.environment.after(soonMs, () => {
      this.#soon = undefined;
      this.#announce((message) => this.#options.flood(message));
    });
  }

  /** Tell a new neighbour all there is. */
  introduce(link: Link): void {
    this.#announce((message) => link.send(message));
    if (!this.#introduced.take(this.#size, this.#options.environment.elapsed())) return;
    for (const services of this.#entries.values()) for (const { message } of services.values()) link.send(message);
  }

  receive(link: Link, message: Uint8Array): void {
    let ad: Advertisement;
    try {
      ad = decodeAdvertisement(message);
    } catch (error) {
      this.#options.log.debug(`an advertisement of ${link.peer} is ignored: ${errorText(error)}`);
      return;
    }
    if (link.farhand?.stub && ad.nodeId !== link.peer) return;
    if (ad.nodeId === this.#options.ownId) return this.#hearOfOurselves(ad);
    if (!this.#isNews(ad)) return;
    if (ad.cancel) this.#bury(ad);
    else if (!this.#put(ad, message)) return;
    this.#options.flood(message, link);
  }

  /** What a service of another node says it speaks, or undefined: nothing is known of it. */
  connTypeOf(node: string, service: string): ConnType | undefined {
    return this.#entries.get(node)?.get(service)?.ad.connType;
  }

  /** Everything on offer, our own first. */
  list(): Advertisement[] {
    const own = [...this.#own].map(([service, entry]) => this.#ad(service, entry));
    const others = [...this.#entries.values()].flatMap((services) => [...services.values()].map(({ ad }) => ad));
    return [...own, ...others];
  }

  /** A node is gone for good. */
  forget(node: string): void {
    for (const service of this.#entries.get(node)?.keys() ?? []) this.#take(node, service);
  }

  close(): void {
    this.#soon?.();
    this.#period();
  }

  #later(): Cancel {
    return this.#options.environment.after(periodMs, () => {
      this.#period = this.#later();
      this.#announce((message) => this.#options.flood(message));
      this.#expire();
      this.#forgetTombstones();
    });
  }

  #announce(send: (message: Uint8Array) => void): void {
    for (const [service, own] of this.#own) send(encodeAdvertisement(this.#ad(service, own)));
  }

  #ad(service: string, { connType, tags }: OwnService): Advertisement {
    const workCommands = tags?.get("type") === "Control Service" ? this.#options.workCommands() : [];
    return {
      nodeId: this.#options.ownId,
      service,
      time: this.#time.next(),
      connType,
      tags,
      workCommands: workCommands.length > 0 ? workCommands : null,
      cancel: false,
    };
  }

  /** What we said before the clock was set back and we were started anew: it would be believed instead of what we say. */
  #hearOfOurselves({ time }: Advertisement): void {
    if (this.#time.pass(time) && ++this.#corrections <= mostCorrections) this.announceSoon();
  }

  #isNews({ nodeId, service, time }: Advertisement): boolean {
    const known = this.#entries.get(nodeId)?.get(service)?.ad.time.nanoseconds;
    const buried = this.#tombstones.get(key(nodeId, service))?.nanoseconds;
    if (known !== undefined) return time.nanoseconds > known;
    return buried === undefined || time.nanoseconds > buried;
  }

  /** @returns false when there is no room. */
  #put(ad: Advertisement, message: Uint8Array): boolean {
    const services = this.#entries.get(ad.nodeId) ?? new Map<string, Entry>();
    const before = services.get(ad.service);
    const bytes = this.#bytes + message.length - (before?.message.length ?? 0);
    const isFull = this.#size >= maxEntries || services.size >= maxEntriesPerNode;
    if (bytes > maxBytes || (isFull && !before)) return false;
    this.#entries.set(ad.nodeId, services);
    services.set(ad.service, { ad, message, at: this.#options.environment.elapsed() });
    this.#bytes = bytes;
    if (!before) this.#size++;
    return true;
  }

  #take(node: string, service: string): void {
    const services = this.#entries.get(node);
    const entry = services?.get(service);
    if (!services || !entry) return;
    services.delete(service);
    if (services.size === 0) this.#entries.delete(node);
    this.#size--;
    this.#bytes -= entry.message.length;
  }

  #bury({ nodeId, service, time }: Advertisement): void {
    this.#take(nodeId, service);
    const name = key(nodeId, service);
    // The latest is the last, so that the oldest is the first.
    this.#tombstones.delete(name);
    this.#tombstones.set(name, { nanoseconds: time.nanoseconds, at: this.#options.environment.elapsed() });
    for (const [oldest] of this.#tombstones) {
      if (this.#tombstones.size <= maxEntries) return;
      this.#tombstones.delete(oldest);
    }
  }

  /** Buried, because a node that still has it may tell us of it again. */
  #expire(): void {
    const before = this.#options.environment.elapsed() - expiryMs;
    for (const services of this.#entries.values())
      for (const { ad, at } of services.values()) if (at < before) this.#bury(ad);
  }

  #forgetTombstones(): void {
    const before = this.#options.environment.elapsed() - tombstoneMs;
    for (const [name, { at }] of this.#tombstones) if (at < before) this.#tombstones.delete(name);
  }
}

function key(nodeId: string, service: string): string {
  return JSON.stringify([nodeId, service]);
}
