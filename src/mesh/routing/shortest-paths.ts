import type { Topology } from "./topology.ts";

/** How to get to a node. */
export interface Route {
  /** The neighbour to hand a message to. */
  readonly nextHop: string;
  /** The last node before it on the way: ourselves when it is a neighbour. */
  readonly previous: string;
  /** Sum of the costs on the way. */
  readonly cost: number;
}

/**
 * The cheapest way to every node that can be reached, ourselves left out (Dijkstra, spec §3.7). Of ways of equal cost the
 * one found first stays, so that routes do not change without need.
 */
export function shortestPaths(topology: Topology): Map<string, Route> {
  const { ownNumber, size } = topology;
  const costs = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  const firstHops = new Int32Array(size);
  const previous = new Int32Array(size);
  const isSettled = new Uint8Array(size);
  const routes = new Map<string, Route>();
  const queue = new CostQueue();
  const visit = (to: number, cost: number, from: number): void => {
    const total = (costs[from] as number) + cost;
    if (total >= (costs[to] as number)) return;
    costs[to] = total;
    previous[to] = from;
    firstHops[to] = from === ownNumber ? to : (firstHops[from] as number);
    queue.push(to, total);
  };
  costs[ownNumber] = 0;
  queue.push(ownNumber, 0);
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (isSettled[node] === 1) continue;
    isSettled[node] = 1;
    if (node !== ownNumber) {
      const nextHop = topology.nameOf(firstHops[node] as number);
      const before = topology.nameOf(previous[node] as number);
      routes.set(topology.nameOf(node), { nextHop, previous: before, cost: costs[node] as number });
    }
    topology.walk(node, isSettled, visit);
  }
  return routes;
}

/** A binary heap of nodes, cheapest first. */
class CostQueue {
  readonly #nodes: number[] = [];
  readonly #costs: number[] = [];

  push(node: number, cost: number): void {
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

  pop(): number | undefined {
    const first = this.#nodes[0];
    const node = this.#nodes.pop();
    const cost = this.#costs.pop();
    if (node !== undefined && cost !== undefined && this.#nodes.length > 0) this.#sink(node, cost);
    return first;
  }

  /** Put the last node into the gap at the top. */
  #sink(node: number, cost: number): void {
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
    this.#nodes[to] = this.#nodes[from] as number;
    this.#costs[to] = this.#costs[from] as number;
  }
}
