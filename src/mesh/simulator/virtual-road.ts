import type { Link, Road } from "../routing/link.ts";
import { msToTick, type Post, type Receiver } from "./post.ts";
import type { SimulatedNode } from "./simulated-node.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How a road is, and how it behaves now; the faults change that while messages are on it. */
export interface RoadWeather {
  /** Like TCP: all messages arrive, once and in order. Else like UDP, to which the rest applies. */
  readonly isReliable: boolean;
  /** Whole milliseconds from end to end. */
  readonly latencyMs: number;
  /** Share of messages that vanish. */
  loss: number;
  /** Share of messages that come twice. */
  doubling: number;
  /** Most milliseconds by which a message may be overtaken. */
  jitterMs: number;
  /** Number of faults that keep everything from passing, of either kind of road. */
  blocks: number;
}

/** Messages by type byte, over all roads. */
export type MessageCounts = Float64Array;

/** What a road needs of the world. */
export interface RoadWorld {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly counts: MessageCounts;
  readonly post: Post;
}

/** A session between a node that dials and one that listens. Each end can be over while the other knows nothing of it. */
export class VirtualSession {
  readonly dialer: SessionEnd;
  readonly listener: SessionEnd;

  /** @param dialerEnded the one that dials can dial again. */
  constructor(world: RoadWorld, weather: RoadWeather, dialerEnded: () => void) {
    this.dialer = new SessionEnd(world, weather, true, dialerEnded);
    this.listener = new SessionEnd(world, weather, false, () => {});
    this.dialer.far = this.listener;
    this.listener.far = this.dialer;
  }

  connect(dialer: SimulatedNode, listener: SimulatedNode, cost: number): void {
    this.dialer.place = dialer.place;
    this.listener.place = listener.place;
    this.dialer.link = dialer.router.addRoad(this.dialer, { cost });
    this.listener.link = listener.router.addRoad(this.listener, { cost });
  }

  /** Both machines notice at once, as when the cable's plug is pulled out of both. */
  cut(): void {
    this.dialer.end("cut");
    this.listener.end("cut");
  }
}

/** What a node holds of a session, and the messages on their way to it. */
class SessionEnd implements Road, Receiver {
  readonly description = "virtual";
  readonly maxMessageBytes = 65_535;
  readonly queuedBytes = 0;
  readonly provenNodeIds = undefined;
  readonly isReliable: boolean;
  far: SessionEnd | undefined;
  link: Link | undefined;
  place = 0;
  readonly #world: RoadWorld;
  readonly #weather: RoadWeather;
  readonly #isDialer: boolean;
  readonly #ended: () => void;
  #isOver = false;

  constructor(world: RoadWorld, weather: RoadWeather, isDialer: boolean, ended: () => void) {
    this.#world = world;
    this.#weather = weather;
    this.isReliable = weather.isReliable;
    this.#isDialer = isDialer;
    this.#ended = ended;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(message: Uint8Array): void {
    if (this.#isOver) return;
    const { counts, random, post } = this.#world;
    const weather = this.#weather;
    const type = message[0] as number;
    counts[type] = (counts[type] as number) + 1;
    if (weather.blocks > 0 || !this.far) return;
    if (weather.isReliable || (weather.loss === 0 && weather.jitterMs === 0))
      return post.send(this.far, message, weather.latencyMs);
    if (random() < weather.loss) return;
    this.#sendAnyhow(message);
    if (random() < weather.doubling) this.#sendAnyhow(Uint8Array.from(message));
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // The far end hears of it as late as of any message; of a UDP session it does not hear at all.
    if (this.#weather.isReliable && this.#weather.blocks === 0) this.#tellFar("the far end hung up");
    this.#ended();
  }

  /** It is over, for a reason outside of the node. */
  end(why: string): void {
    if (!this.#isOver) this.link?.drop(why);
  }

  /** A message of its own time, which others may overtake. */
  #sendAnyhow(message: Uint8Array): void {
    const { random, time } = this.#world;
    const late = random() * this.#weather.jitterMs;
    time.after(this.#weather.latencyMs + late, () => this.far?.arrive(message));
  }

  arrive(message: Uint8Array): void {
    if (!this.#isOver) this.link?.receive(message);
    // A machine answers for a session it does not have: by a reset, or to a dialer by a refusal (spec §3.2).
    else if (this.#weather.blocks === 0 && (this.#weather.isReliable || !this.#isDialer))
      this.#tellFar("nobody is there any more");
  }

  #tellFar(why: string): void {
    const { time } = this.#world;
    time.after(msToTick(time.now, this.#weather.latencyMs), () => this.far?.end(why));
  }
}
