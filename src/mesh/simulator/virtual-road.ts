import type { Link, Road } from "../routing/link.ts";
import type { SimulatedNode } from "./simulated-node.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How a road behaves; the faults change it while messages are on it. */
export interface RoadWeather {
  /** Share of messages that vanish; of a reliable road none does. */
  loss: number;
  /** Most milliseconds by which a message may be overtaken; on a reliable road none is. */
  jitterMs: number;
}

/** Messages by type byte, over all roads. */
export type MessageCounts = Float64Array;

/** What a road needs of the world. */
export interface RoadWorld {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly counts: MessageCounts;
}

/** A session between two nodes: one of a TCP or a UDP kind, gone at both ends once it is cut. */
export class VirtualSession {
  readonly #world: RoadWorld;
  readonly #isReliable: boolean;
  readonly #weather: RoadWeather;
  readonly #latencyMs: number;
  readonly #links: [Link | undefined, Link | undefined] = [undefined, undefined];
  #isOver = false;
  readonly #ended: () => void;

  constructor(
    world: RoadWorld,
    kind: { readonly isReliable: boolean; readonly weather: RoadWeather; readonly latencyMs: number },
    ended: () => void,
  ) {
    this.#world = world;
    this.#isReliable = kind.isReliable;
    this.#weather = kind.weather;
    this.#latencyMs = kind.latencyMs;
    this.#ended = ended;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  connect(a: SimulatedNode, b: SimulatedNode, cost: number): void {
    this.#links[0] = a.router.addRoad(this.#end(1), { cost });
    this.#links[1] = b.router.addRoad(this.#end(0), { cost });
  }

  /** The road ends for both, as when a cable is pulled and both machines notice. */
  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const link of this.#links) link?.drop("cut");
    this.#ended();
  }

  #end(far: 0 | 1): Road {
    return {
      description: "virtual",
      isReliable: this.#isReliable,
      maxMessageBytes: 65_535,
      queuedBytes: 0,
      provenNodeIds: undefined,
      send: (message) => this.#send(message, far),
      close: () => {
        if (this.#isOver) return;
        // The far end hears of it as late as of any message.
        this.#world.time.after(this.#latencyMs, () => this.cut());
      },
    };
  }

  #send(message: Uint8Array, far: 0 | 1): void {
    if (this.#isOver) return;
    const { counts, time, random } = this.#world;
    const type = message[0] as number;
    counts[type] = (counts[type] as number) + 1;
    let delay = this.#latencyMs;
    if (!this.#isReliable) {
      if (this.#weather.loss > 0 && random() < this.#weather.loss) return;
      if (this.#weather.jitterMs > 0) delay += random() * this.#weather.jitterMs;
    }
    time.after(delay, () => {
      if (!this.#isOver) this.#links[far]?.receive(message);
    });
  }
}
