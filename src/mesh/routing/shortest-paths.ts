import type { Topology } from "./topology.ts";

/** How to get to a node. */
export interface Route {
  /** The neighbour to hand a message to. */
  readonly nextHop: string;
  /** Sum of the costs on the way. */
  readonly cost: number;
}

/**
 * The cheapest way to every node that can be reached, ourselves left out (Dijkstra, spec §3.7). Of ways of equal cost the
 * one found first stays, so that routes do not change without need.
 */
export function shortestPaths(topology: Topology): Map<string, Route> {
  const routes = new Map<string, Route>();
  const settled = new Set<string>();
  const queue = new CostQueue();
  queue.push(topology.ownId, 0);
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (settled.has(node)) continue;
    settled.add(node);
    const here = routes.get(node);
    topology.edges(node, (to, cost) => {
      if (to === topology.ownId || settled.has(to)) return;
      const total = (here?.cost ?? 0) + cost;
      const known = routes.get(to);
      if (known && known.cost <= total) return;
      routes.set(to, { nextHop: here?.nextHop ?? to, cost: total });
      queue.push(to, total);
    });
  }
  return routes;
}

/** A binary heap of nodes, cheapest first. */
class CostQueue {
  readonly #nodes: string[] = [];
  readonly #costs: number[] = [];

  push(node: string, cost: number): void {
    let at = this.#nodes.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#costs[parent] as number) <= cost) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#nodes[at] = node;
    this.#costs[at] = cost;
  }

  pop(): string | undefined {
    const first = this.#nodes[0];
    const node = this.#nodes.pop();
    const cost = this.#costs.pop();
    if (node !== undefined && cost !== undefined && this.#nodes.length > 0) this.#sink(node, cost);
    return first;
  }

  /** Put the last node into the gap at the top. */
  #sink(node: string, cost: number): void {
    const length = this.#nodes.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && (this.#costs[child + 1] as number) < (this.#costs[child] as number)) child++;
      if ((this.#costs[child] as number) >= cost) break;
      this.#move(child, at);
      at = child;
    }
    this.#nodes[at] = node;
    this.#costs[at] = cost;
  }

  #move(from: number, to: number): void {
    this.#nodes[to] = this.#nodes[from] as string;
    this.#costs[to] = this.#costs[from] as number;
  }
}
