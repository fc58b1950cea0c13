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
  readonly #links = new Map<string, number>();
  readonly #nodes = new Map<string, Connections>();
  /** Nodes that pass nothing on: a way may end there, not lead through. */
  readonly #leaves = new Set<string>();
  #version = 0;

  constructor(ownId: string) {
    this.ownId = ownId;
  }

  /** Grows with every change that may change a route. */
  get version(): number {
    return this.#version;
  }

  /** Our own links, which nobody else has a say in. */
  get links(): Connections {
    return this.#links;
  }

  /** Nodes with a word of their own, without ourselves. */
  get nodeIds(): Iterable<string> {
    return this.#nodes.keys();
  }

  addLink(peer: string, cost: number): void {
    this.#links.set(peer, cost);
    this.#version++;
  }

  removeLink(peer: string): void {
    if (this.#links.delete(peer)) this.#version++;
  }

  /**
   * What a node says of itself.
   *
   * @param isLeaf it is a stub. Its hubs send nothing through it, so neither must we believe they do.
   * @returns whether anything differs from what the node said before.
   */
  set(node: string, connections: Connections, isLeaf = false): boolean {
    const before = this.#nodes.get(node);
    if (isLeaf !== this.#leaves.has(node)) {
      if (isLeaf) this.#leaves.add(node);
      else this.#leaves.delete(node);
      this.#version++;
    }
    if (before && sameConnections(before, connections)) return false;
    this.#nodes.set(node, connections);
    this.#version++;
    return true;
  }

  delete(node: string): void {
    if (this.#nodes.delete(node)) this.#version++;
    this.#leaves.delete(node);
  }

  /** Calls `visit` for each edge out of `node` that a way may take. */
  edges(node: string, visit: (to: string, cost: number) => void): void {
    if (!this.#leaves.has(node)) this.#listed(node, visit);
  }

  /** Calls `visit` for each edge out of `node` that counts. */
  #listed(node: string, visit: (to: string, cost: number) => void): void {
    if (node === this.ownId) return this.#links.forEach((cost, peer) => visit(peer, cost));
    const listed = this.#nodes.get(node);
    const own = this.#links.get(node);
    listed?.forEach((cost, to) => {
      if (to === this.ownId ? own !== undefined : this.#nodes.get(to)?.has(node) !== false) visit(to, cost);
    });
    // A neighbour that has not spoken of us yet is a neighbour all the same.
    if (own !== undefined && !listed?.has(this.ownId)) visit(this.ownId, own);
  }

  /** Every node that some way leads to, ourselves included. */
  reachable(): Set<string> {
    const found = new Set([this.ownId]);
    // A set that grows while it is walked is a queue.
    for (const node of found) this.edges(node, (to) => found.add(to));
    return found;
  }

  /** `KnownConnectionCosts` of `status` (spec §1.5): every node that has spoken, and ourselves once we had a link. */
  knownCosts(): Record<string, Record<string, number>> {
    const ids = new Set([...this.#nodes.keys(), ...this.#links.keys()]);
    if (ids.size > 0) ids.add(this.ownId);
    return Object.fromEntries(
      [...ids].map((id) => {
        const costs: Record<string, number> = {};
        this.#listed(id, (to, cost) => {
          costs[to] = cost;
        });
        return [id, costs];
      }),
    );
  }
}

function sameConnections(a: Connections, b: Connections): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [node, cost] of a) if (b.get(node) !== cost) return false;
  return true;
}
