import type { Link, Road } from "../routing/link.ts";
import type { SimulatedNode } from "./simulated-node.ts";
import type { Due, VirtualTime } from "./virtual-time.ts";

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

  connect(a: SimulatedNode, b: SimulatedNode, cost: number): void {
    this.dialer.link = a.router.addRoad(this.dialer, { cost });
    this.listener.link = b.router.addRoad(this.listener, { cost });
  }

  /** Both machines notice at once, as when the cable's plug is pulled out of both. */
  cut(): void {
    this.dialer.end("cut");
    this.listener.end("cut");
  }
}

/** What a node holds of a session, and the messages on their way to it. */
class SessionEnd implements Road, Due {
  readonly description = "virtual";
  readonly maxMessageBytes = 65_535;
  readonly queuedBytes = 0;
  readonly provenNodeIds = undefined;
  far: SessionEnd | undefined;
  link: Link | undefined;
  readonly #world: RoadWorld;
  readonly #weather: RoadWeather;
  readonly #isDialer: boolean;
  readonly #ended: () => void;
  #isOver = false;
  /** Messages that keep their order stand in a line; each is due as often as it has messages. */
  #line: (Uint8Array | undefined)[] = [];
  #first = 0;
  #behindLast = 0;

  constructor(world: RoadWorld, weather: RoadWeather, isDialer: boolean, ended: () => void) {
    this.#world = world;
    this.#weather = weather;
    this.#isDialer = isDialer;
    this.#ended = ended;
  }

  get isReliable(): boolean {
    return this.#weather.isReliable;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(message: Uint8Array): void {
    if (this.#isOver) return;
    const { counts, random } = this.#world;
    const weather = this.#weather;
    const type = message[0] as number;
    counts[type] = (counts[type] as number) + 1;
    if (weather.blocks > 0 || !this.far) return;
    if (weather.isReliable || (weather.loss === 0 && weather.jitterMs === 0)) return this.far.#queue(message);
    if (random() < weather.loss) return;
    this.far.#queueAnyhow(message);
    if (random() < weather.doubling) this.far.#queueAnyhow(Uint8Array.from(message));
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

  /** A message of the line is due. */
  run(): void {
    const message = this.#line[this.#first] as Uint8Array;
    this.#line[this.#first++] = undefined;
    if (this.#first === this.#behindLast) this.#first = this.#behindLast = 0;
    this.#arrive(message);
  }

  #queue(message: Uint8Array): void {
    this.#line[this.#behindLast++] = message;
    this.#world.time.add(this.#weather.latencyMs, this);
  }

  #queueAnyhow(message: Uint8Array): void {
    const late = Math.round(this.#world.random() * this.#weather.jitterMs);
    this.#world.time.after(this.#weather.latencyMs + late, () => this.#arrive(message));
  }

  #arrive(message: Uint8Array): void {
    if (!this.#isOver) this.link?.receive(message);
    // A machine answers for a session it does not have: by a reset, or to a dialer by a refusal (spec §3.2).
    else if (this.#weather.blocks === 0 && (this.#weather.isReliable || !this.#isDialer))
      this.#tellFar("nobody is there any more");
  }

  #tellFar(why: string): void {
    this.#world.time.after(this.#weather.latencyMs, () => this.far?.end(why));
  }
}
