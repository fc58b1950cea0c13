import { Post } from "./post.ts";
import { realRouter, type RouterMaker, SimulatedNode } from "./simulated-node.ts";
import { seededRandom, VirtualEnvironment, VirtualTime } from "./virtual-time.ts";
import { type MessageCounts, type RoadWeather, type RoadWorld, VirtualSession } from "./virtual-road.ts";

/** Every so many roads there is one like UDP, which loses and reorders. */
const unreliableEvery = 3;
/** Roads beyond those that just connect all nodes, per node. */
const extraRoadsPerNode = 0.5;
/** Within so many milliseconds the first try to dial is made. */
const firstDialMs = 50;

/** A place for a node; it is empty while the node restarts. */
export interface Site {
  readonly id: string;
  /** Its place in {@link SimulatedMesh.sites}. */
  readonly index: number;
  readonly roads: SimulatedRoad[];
  node: SimulatedNode | undefined;
  /** Virtual time when its node left for good. */
  leftAt: number | undefined;
}

/** A road between two sites, that carries a session whenever it can. The one dials, the other listens. */
export interface SimulatedRoad {
  readonly dialer: Site;
  readonly listener: Site;
  readonly cost: number;
  readonly weather: RoadWeather;
  session: VirtualSession | undefined;
}

/** Nodes and the roads between them, in virtual time, made from one seed. */
export class SimulatedMesh {
  readonly time = new VirtualTime();
  readonly random: () => number;
  readonly counts: MessageCounts = new Float64Array(256);
  readonly sites: Site[];
  readonly roads: SimulatedRoad[] = [];
  readonly #makeRouter: RouterMaker;
  readonly #world: RoadWorld;
  #starts = 0;

  constructor(seed: number, nodes: number, makeRouter: RouterMaker = realRouter) {
    this.random = seededRandom(seed);
    this.#makeRouter = makeRouter;
    this.#world = { time: this.time, random: this.random, counts: this.counts, post: new Post(this.time) };
    this.sites = Array.from({ length: nodes }, (_, index) => siteAt(index));
    this.#layRoads();
    for (const site of this.sites) this.time.after(this.random() * 50, () => this.startNode(site));
  }

  startNode(site: Site): void {
    site.node = this.newNode(site.id, site.index);
    for (const road of site.roads) this.#dialSoon(road);
  }

  /** @param place by default that of a node beside those that are there already, which is in no site. */
  newNode(id: string, place = this.sites.length): SimulatedNode {
    const random = seededRandom(Math.floor(this.random() * 2 ** 32) ^ ++this.#starts);
    return new SimulatedNode(id, place, new VirtualEnvironment(this.time, random), this.#makeRouter);
  }

  stopNode(site: Site): void {
    site.node?.stop();
    site.node = undefined;
  }

  /** Nothing passes any more. Nobody is told: who is there finds out by the silence, unless the session is cut too. */
  block(road: SimulatedRoad): void {
    road.weather.blocks++;
  }

  unblock(road: SimulatedRoad): void {
    if (--road.weather.blocks > 0) return;
    // A session like TCP's gets no more than a reset after so long.
    if (road.weather.isReliable) road.session?.cut();
    this.#dialSoon(road);
  }

  /** Join a node to a site's node by a road of its own; not dialled again when it ends. */
  join(node: SimulatedNode, site: Site): VirtualSession | undefined {
    if (!site.node) return undefined;
    const session = new VirtualSession(this.#world, calmRoad(true, 5), () => {});
    session.connect(node, site.node, 1);
    return session;
  }

  /** The other end of a road, if its node is there and messages can pass. */
  reaches(road: SimulatedRoad, from: Site): Site | undefined {
    const to = farSite(road, from);
    return from.node && to.node && road.weather.blocks === 0 ? to : undefined;
  }

  /** Number of each site's component, by the roads that messages can pass; -1 where no node is. */
  components(): Int32Array {
    const found = new Int32Array(this.sites.length).fill(-1);
    for (const start of this.sites) {
      if (!start.node || found[start.index] !== -1) continue;
      const queue = [start];
      found[start.index] = start.index;
      for (const site of queue)
        for (const road of site.roads) {
          const to = this.reaches(road, site);
          if (!to || found[to.index] !== -1) continue;
          found[to.index] = start.index;
          queue.push(to);
        }
    }
    return found;
  }

  /** What keeps the mesh from having settled: links are up that should not be or not up that should, or neighbours differ. */
  unsettled(): string | undefined {
    for (const site of this.sites) {
      if (!site.node) continue;
      const { links, digest } = site.node.router;
      let expected = 0;
      for (const road of site.roads) {
        const to = this.reaches(road, site);
        if (!to?.node) continue;
        expected++;
        if (!links.has(to.id)) return `${site.id} has no link to ${to.id}`;
        if (to.node.router.digest !== digest) return `${site.id} and ${to.id} know different things`;
      }
      if (links.size !== expected) return `${site.id} has ${links.size} links, and there are ${expected} roads`;
    }
    return undefined;
  }

  #layRoads(): void {
    const { sites } = this;
    for (let index = 1; index < sites.length; index++) this.#layRoad(index, Math.floor(this.random() * index));
    for (let more = Math.floor(sites.length * extraRoadsPerNode); more > 0; more--) {
      const [from, to] = [Math.floor(this.random() * sites.length), Math.floor(this.random() * sites.length)];
      const isThere = sites[from]?.roads.some((road) => farSite(road, sites[from] as Site) === sites[to]);
      if (from !== to && !isThere) this.#layRoad(from, to);
    }
  }

  #layRoad(from: number, to: number): void {
    const [dialer, listener] = [this.sites[from] as Site, this.sites[to] as Site];
    const cost = 1 + Math.floor(this.random() * 4) / 2;
    const latencyMs = 1 + Math.floor(this.random() * 50);
    const weather = calmRoad(this.roads.length % unreliableEvery !== 0, latencyMs);
    const road: SimulatedRoad = { dialer, listener, cost, weather, session: undefined };
    this.roads.push(road);
    dialer.roads.push(road);
    listener.roads.push(road);
  }

  /** The first try comes fast, later ones as a real dialer's (spec §3.2). */
  #dialSoon(road: SimulatedRoad, waitMs = this.random() * firstDialMs): void {
    this.time.after(waitMs, () => {
      const { dialer, listener } = road;
      // Whoever unblocks the road or starts the node dials again.
      if (road.weather.blocks > 0 || !dialer.node || !listener.node || road.session?.dialer.isOver === false) return;
      const startedAt = this.time.now;
      const session = new VirtualSession(this.#world, road.weather, () => {
        const lived = this.time.now - startedAt;
        if (road.session === session)
          this.#dialSoon(road, lived > 10_000 ? this.random() * firstDialMs : 5_000 + this.random() * 1_000);
      });
      road.session = session;
      session.connect(dialer.node, listener.node, road.cost);
    });
  }
}

/** The site at the other end. */
export function farSite(road: SimulatedRoad, from: Site): Site {
  return road.dialer === from ? road.listener : road.dialer;
}

function siteAt(index: number): Site {
  return { id: `node${index}`, index, roads: [], node: undefined, leftAt: undefined };
}

function calmRoad(isReliable: boolean, latencyMs: number): RoadWeather {
  return { isReliable, latencyMs, loss: 0, doubling: 0, jitterMs: 0, blocks: 0 };
}
