import { SimulatedNode } from "./simulated-node.ts";
import { seededRandom, virtualEnvironment, VirtualTime } from "./virtual-time.ts";
import { type MessageCounts, type RoadWeather, type RoadWorld, VirtualSession } from "./virtual-road.ts";

/** Every so many roads there is one like UDP, which loses and reorders. */
const unreliableEvery = 3;
/** Roads beyond those that just connect all nodes, per node. */
const extraRoadsPerNode = 0.5;

/** A place for a node; it may be empty while the node restarts. */
export interface Site {
  readonly id: string;
  node: SimulatedNode | undefined;
  readonly roads: SimulatedRoad[];
}

/** A road between two sites, that carries a session whenever it can. */
export interface SimulatedRoad {
  readonly a: Site;
  readonly b: Site;
  readonly cost: number;
  readonly isReliable: boolean;
  readonly latencyMs: number;
  readonly weather: RoadWeather;
  isCut: boolean;
  session: VirtualSession | undefined;
}

/** Nodes and the roads between them, in virtual time, made from one seed. */
export class SimulatedMesh {
  readonly time = new VirtualTime();
  readonly random: () => number;
  readonly counts: MessageCounts = new Float64Array(256);
  readonly sites: Site[];
  readonly roads: SimulatedRoad[] = [];
  readonly #world: RoadWorld;
  #starts = 0;

  constructor(seed: number, nodes: number) {
    this.random = seededRandom(seed);
    this.#world = { time: this.time, random: this.random, counts: this.counts };
    this.sites = Array.from({ length: nodes }, (_, index) => ({ id: `node${index}`, node: undefined, roads: [] }));
    this.#layRoads();
    for (const site of this.sites) this.time.after(this.random() * 50, () => this.startNode(site));
  }

  startNode(site: Site): void {
    site.node = this.newNode(site.id);
    for (const road of site.roads) this.#dialSoon(road);
  }

  /** A node that is in no site yet. */
  newNode(id: string): SimulatedNode {
    const random = seededRandom(Math.floor(this.random() * 2 ** 32) ^ ++this.#starts);
    return new SimulatedNode(id, virtualEnvironment(this.time, random));
  }

  stopNode(site: Site): void {
    site.node?.stop();
    for (const road of site.roads) road.session?.cut();
    site.node = undefined;
  }

  cut(road: SimulatedRoad): void {
    road.isCut = true;
    road.session?.cut();
  }

  heal(road: SimulatedRoad): void {
    road.isCut = false;
    this.#dialSoon(road);
  }

  /** Join a node to a site's node by a road of its own; not dialled again when it ends. */
  join(node: SimulatedNode, site: Site): VirtualSession | undefined {
    if (!site.node) return undefined;
    const session = new VirtualSession(this.#world, { isReliable: true, weather: calm(), latencyMs: 5 }, () => {});
    session.connect(node, site.node, 1);
    return session;
  }

  /** Number of each site's component, by the roads that carry a session now. */
  components(): Map<Site, number> {
    const found = new Map<Site, number>();
    for (const [number, start] of this.sites.entries()) {
      if (!start.node || found.has(start)) continue;
      const queue = [start];
      found.set(start, number);
      for (const site of queue)
        for (const next of neighbours(site))
          if (!found.has(next)) {
            found.set(next, number);
            queue.push(next);
          }
    }
    return found;
  }

  /** Every two neighbours whose link is up know the same, and every road that can carry a link does. */
  hasSettled(): boolean {
    return this.roads.every((road) => {
      const { a, b } = road;
      if (road.isCut || !a.node || !b.node) return true;
      return (
        a.node.router.links.has(b.id) && b.node.router.links.has(a.id) && a.node.router.digest === b.node.router.digest
      );
    });
  }

  #layRoads(): void {
    const { sites } = this;
    for (let index = 1; index < sites.length; index++) this.#layRoad(index, Math.floor(this.random() * index));
    for (let more = Math.floor(sites.length * extraRoadsPerNode); more > 0; more--) {
      const [from, to] = [Math.floor(this.random() * sites.length), Math.floor(this.random() * sites.length)];
      const isThere = sites[from]?.roads.some(({ a, b }) => a === sites[to] || b === sites[to]);
      if (from !== to && !isThere) this.#layRoad(from, to);
    }
  }

  #layRoad(from: number, to: number): void {
    const [a, b] = [this.sites[from] as Site, this.sites[to] as Site];
    const road: SimulatedRoad = {
      a,
      b,
      cost: 1 + Math.floor(this.random() * 4) / 2,
      isReliable: this.roads.length % unreliableEvery !== 0,
      latencyMs: 1 + Math.floor(this.random() * 50),
      weather: calm(),
      isCut: false,
      session: undefined,
    };
    this.roads.push(road);
    a.roads.push(road);
    b.roads.push(road);
  }

  /** The first try comes fast, later ones as a real dialer's (spec §3.2). */
  #dialSoon(road: SimulatedRoad, waitMs = 100 + this.random() * 200): void {
    this.time.after(waitMs, () => {
      const { a, b } = road;
      // Whoever heals the road or starts the node dials again.
      if (road.isCut || !a.node || !b.node || (road.session && !road.session.isOver)) return;
      const startedAt = this.time.now;
      const session = new VirtualSession(this.#world, road, () => {
        if (road.session !== session) return;
        road.session = undefined;
        const lived = this.time.now - startedAt;
        this.#dialSoon(road, lived > 10_000 ? 100 + this.random() * 200 : 5_000 + this.random() * 1_000);
      });
      road.session = session;
      session.connect(a.node, b.node, road.cost);
    });
  }
}

function neighbours(site: Site): Site[] {
  return site.roads
    .filter(({ session }) => session && !session.isOver)
    .map(({ a, b }) => (a === site ? b : a))
    .filter(({ node }) => node !== undefined);
}

function calm(): RoadWeather {
  return { loss: 0, jitterMs: 0 };
}
