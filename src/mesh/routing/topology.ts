import { NumberedGraph } from "./numbered-graph.ts";

/** Neighbours of a node by id, with the cost it gives the link. */
export type Connections = ReadonlyMap<string, number>;

/**
 * Who is connected to whom, as each node itself says.
 *
 * An edge counts when neither end denies it: both list it, or one lists it and the other has not been heard. So it does
 * not matter in which order the words of two nodes arrive. Receptor deletes edges as updates come in and mends what it
 * deleted too much with the next update ten seconds later (spec §3.6); the outcome is the same.
 */
export class Topology {
  readonly ownId: string;
  /** Our own number in {@link #graph}, where our list is that of our links. */
  readonly #own: number;
  readonly #graph = new NumberedGraph();
  /** What nodes have said that is not in the graph yet: in a flood there is more to come before anybody asks. */
  readonly #news = new Map<string, Connections>();
  readonly #links = new Map<string, number>();
  /** Nodes that pass nothing on: a way may end there, not lead through. */
  readonly #leaves = new Set<string>();
  #version = 0;
  /** By number, of the version it was found for. */
  #isReachable = new Uint8Array(0);
  #reachableCount = 0;
  #reachableVersion = -1;

  constructor(ownId: string) {
    this.ownId = ownId;
    this.#own = this.#graph.hold(ownId);
    this.#graph.setList(this.#own, this.#links);
  }

  /** Grows with every change that may change a route. */
  get version(): number {
    return this.#version;
  }

  /** Our own links, which nobody else has a say in. */
  get links(): Connections {
    return this.#links;
  }

  addLink(peer: string, cost: number): void {
    this.#links.set(peer, cost);
    this.#linksChanged();
  }

  removeLink(peer: string): void {
    if (this.#links.delete(peer)) this.#linksChanged();
  }

  /**
   * What a node says of itself.
   *
   * @param isLeaf it is a stub. Its hubs send nothing through it, so neither must we believe they do.
   * @returns whether anything differs from what the node said before.
   */
  set(id: string, connections: Connections, isLeaf = false): boolean {
    const before = this.#said(id);
    if (isLeaf !== this.#leaves.has(id)) {
      if (isLeaf) this.#leaves.add(id);
      else this.#leaves.delete(id);
      this.#version++;
    }
    if (before && sameConnections(before, connections)) return false;
    this.#news.set(id, connections);
    this.#version++;
    return true;
  }

  delete(id: string): void {
    const graph = this.#current();
    const node = graph.numberOf(id);
    if (node === undefined || node === this.#own || !graph.listOf(node)) return;
    this.#leaves.delete(id);
    graph.setList(node, undefined);
    graph.release(node);
    this.#version++;
  }

  /** Calls `visit` for each edge out of `id` that a way may take. */
  edges(id: string, visit: (to: string, cost: number) => void): void {
    const node = this.#current().numberOf(id);
    if (node !== undefined && !this.#leaves.has(id)) this.#listed(node, visit);
  }

  /** Every node that some way leads to, ourselves included. */
  reachable(): Set<string> {
    this.#findReachable();
    const found = new Set<string>();
    for (let node = 0; node < this.#isReachable.length; node++)
      if (this.#isReachable[node]) found.add(this.#graph.nameOf(node));
    return found;
  }

  /** Whether some way leads to a node. */
  isReachable(id: string): boolean {
    this.#findReachable();
    const node = this.#graph.numberOf(id);
    return node !== undefined && this.#isReachable[node] === 1;
  }

  /** How many nodes that have spoken some way leads to, ourselves included. */
  get reachableCount(): number {
    this.#findReachable();
    return this.#reachableCount;
  }

  /**
   * Calls `visit` for each edge out of a node that a way may take, nodes being numbers below {@link size}.
   *
   * @param isDone leaves out edges to these nodes, before it is found out whether they count.
   */
  walk(node: number, isDone: Uint8Array, visit: (to: number, cost: number, from: number) => void): void {
    const graph = this.#graph;
    if (this.#leaves.size > 0 && this.#leaves.has(graph.nameOf(node))) return;
    for (let at = graph.first(node), end = graph.end(node); at < end; at++) {
      const to = graph.to(at);
      // In our own links nobody else has a say.
      if (isDone[to] === 0 && (node === this.#own || graph.admits(to, node))) visit(to, graph.cost(at), node);
    }
  }

  /** See {@link walk}. To be asked before. */
  get size(): number {
    return this.#current().size;
  }

  get ownNumber(): number {
    return this.#own;
  }

  nameOf(node: number): string {
    return this.#graph.nameOf(node);
  }

  /** `KnownConnectionCosts` of `status` (spec §1.5): every node that has spoken, and ourselves once we had a link. */
  knownCosts(): Record<string, Record<string, number>> {
    const known: [string, Record<string, number>][] = [];
    for (let node = 0; node < this.size; node++) {
      const id = this.nameOf(node);
      if (this.#graph.numberOf(id) !== node) continue;
      const isKnown = node === this.#own ? this.#version > 0 : this.#graph.listOf(node) || this.#links.has(id);
      if (isKnown) known.push([id, this.#costsOf(node)]);
    }
    return Object.fromEntries(known);
  }

  #costsOf(node: number): Record<string, number> {
    const costs: Record<string, number> = {};
    this.#listed(node, (to, cost) => {
      costs[to] = cost;
    });
    return costs;
  }

  /** Calls `visit` for each edge out of `node` that counts. */
  #listed(node: number, visit: (to: string, cost: number) => void): void {
    const graph = this.#graph;
    for (let at = graph.first(node), end = graph.end(node); at < end; at++) {
      const to = graph.to(at);
      if (node === this.#own || graph.admits(to, node)) visit(graph.nameOf(to), graph.cost(at));
    }
    // A neighbour that has not spoken of us yet is a neighbour all the same.
    const own = this.#links.get(graph.nameOf(node));
    if (own !== undefined && !graph.listOf(node)?.has(this.ownId)) visit(this.ownId, own);
  }

  #linksChanged(): void {
    this.#graph.setList(this.#own, new Map(this.#links));
    this.#version++;
  }

  #said(id: string): Connections | undefined {
    const news = this.#news.get(id);
    if (news) return news;
    const node = this.#graph.numberOf(id);
    return node === undefined ? undefined : this.#graph.listOf(node);
  }

  /** The graph, with everything in it. */
  #current(): NumberedGraph {
    const graph = this.#graph;
    for (const [id, connections] of this.#news) {
      const known = graph.numberOf(id);
      const hasSpoken = known !== undefined && graph.listOf(known) !== undefined;
      graph.setList(hasSpoken ? known : graph.hold(id), connections);
    }
    this.#news.clear();
    return graph;
  }

  #findReachable(): void {
    if (this.#reachableVersion === this.#version) return;
    this.#reachableVersion = this.#version;
    this.#isReachable = new Uint8Array(this.size);
    const isLeaf = (node: number): boolean => this.#leaves.size > 0 && this.#leaves.has(this.nameOf(node));
    this.#reachableCount = this.#graph.reach(this.#own, isLeaf, this.#isReachable);
  }
}

function sameConnections(a: Connections, b: Connections): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [node, cost] of a) if (b.get(node) !== cost) return false;
  return true;
}
