import type { FarhandHello } from "../packet/farhand-hello.ts";
import type { Environment } from "./environment.ts";
import type { Link } from "./link.ts";
import type { LinkState } from "./link-state.ts";
import { type Route, shortestPaths } from "./shortest-paths.ts";
import type { Topology } from "./topology.ts";

const coalesceMs = 100;

/** What ways are found by. */
export interface WaysOptions {
  readonly ownId: string;
  /** What we do not know ourselves our hub does. */
  readonly isStub: boolean;
  readonly environment: Pick<Environment, "elapsed">;
  readonly topology: Topology;
  readonly state: Pick<LinkState, "get">;
  /** Neighbours whose link is up, by id. */
  readonly up: ReadonlyMap<string, Link>;
}

/** The ways to other nodes: over which neighbour each begins, through whom it goes, and what it can carry (spec §3.7). */
export class Ways {
  readonly #options: WaysOptions;
  #routes: ReadonlyMap<string, Route> = new Map();
  #version = 0;
  #foundAt = Number.NEGATIVE_INFINITY;

  constructor(options: WaysOptions) {
    this.#options = options;
  }

  /** The routes of now. They may lag 100 ms behind what other nodes say, never behind our own links (spec §3.7). */
  routes(): ReadonlyMap<string, Route> {
    const { topology, environment } = this.#options;
    const { version } = topology;
    const elapsed = environment.elapsed();
    if (version !== this.#version && elapsed - this.#foundAt >= coalesceMs) {
      this.#routes = shortestPaths(topology);
      this.#version = version;
      this.#foundAt = elapsed;
    }
    return this.#routes;
  }

  /** Our own links are others now. */
  linksChanged(): void {
    this.#foundAt = Number.NEGATIVE_INFINITY;
  }

  /** The neighbour a message to `node` goes to, or undefined: no way is known. */
  nextHop(node: string): Link | undefined {
    const { up, isStub } = this.#options;
    const direct = up.get(node);
    if (direct?.isToStub) return direct;
    const route = this.routes().get(node);
    if (route) return up.get(route.nextHop);
    return isStub ? this.#hub() : undefined;
  }

  /** What a node says of itself as a Farhand node; undefined of others and of one that nothing is known of. */
  helloOf(node: string): FarhandHello | undefined {
    const { up, state } = this.#options;
    const greeted = up.get(node)?.farhand;
    // What its link is stays as it was greeted; all else may have changed since.
    return greeted?.stub ? greeted : (state.get(node)?.update.farhand ?? greeted);
  }

  /** Whether no road on the way to a node is known, or must be feared, to lose messages: then long ones may be sent. */
  isSteady(node: string): boolean {
    const { up, ownId } = this.#options;
    const own = up.get(node);
    // No route leads to a stub: it is sent to directly.
    if (own?.isToStub) return own.road.isReliable && own.farhand?.lossy !== true;
    for (let at = node; at !== ownId; ) {
      const previous = this.routes().get(at)?.previous;
      const hello = this.helloOf(at);
      if (previous === undefined || !hello || hello.lossy) return false;
      if (previous === ownId && !up.get(at)?.road.isReliable) return false;
      at = previous;
    }
    return true;
  }

  /** The nodes on the way to a node, as one word that differs when they do, or the cost; undefined when no way is known. */
  wayTo(node: string): string | undefined {
    const routes = this.routes();
    const nodes = [String(routes.get(node)?.cost)];
    for (let at = node; at !== this.#options.ownId; ) {
      const route = routes.get(at);
      if (!route) return undefined;
      nodes.push(at);
      at = route.previous;
    }
    return nodes.join("\n");
  }

  #hub(): Link | undefined {
    let best: Link | undefined;
    for (const link of this.#options.up.values())
      if (link.farhand?.hub && (!best || link.cost < best.cost)) best = link;
    return best;
  }
}
