/** Lists that are longer are searched by name, see {@link NumberedGraph.lists}. */
const shortList = 16;
/** Where a walk notes which nodes come next; one for all graphs, for no walk is ever interrupted by another. */
let toVisit = new Int32Array(1024);

/**
 * Who lists whom at which cost, nodes being small numbers and all lists standing in one piece of memory. Walking over a
 * whole mesh is ten times faster here than over maps of names, and a node does it for every change there is.
 */
export class NumberedGraph {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  /** How many lists a node stands in, and one more while it is held for itself. */
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  /** Where each node's list begins, how long it is, whether there is one, and the names it was made from. */
  #start = new Int32Array(64);
  #length = new Int32Array(64);
  #isListed = new Uint8Array(64);
  readonly #listed: (ReadonlyMap<string, number> | undefined)[] = [];
  #to = new Int32Array(64);
  #cost = new Float64Array(64);
  #end = 0;
  #inUse = 0;

  /** All numbers are below this. */
  get size(): number {
    return this.#names.length;
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  nameOf(node: number): string {
    return this.#names[node] as string;
  }

  /** Give a node a number until it is released as often as it was held. */
  hold(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] as number) + 1;
      return known;
    }
    const node = this.#free.pop() ?? this.#names.length;
    this.#numbers.set(name, node);
    this.#names[node] = name;
    this.#uses[node] = 1;
    if (node >= this.#start.length) this.#growTo(2 * node);
    this.#start[node] = this.#length[node] = this.#isListed[node] = 0;
    this.#listed[node] = undefined;
    return node;
  }

  release(node: number): void {
    const uses = (this.#uses[node] as number) - 1;
    this.#uses[node] = uses;
    if (uses > 0) return;
    this.#numbers.delete(this.nameOf(node));
    this.#free.push(node);
  }

  /** What a node lists, or undefined: it has not been heard. */
  listOf(node: number): ReadonlyMap<string, number> | undefined {
    return this.#listed[node];
  }

  /** Make a list the node's, in place of the one before. */
  setList(node: number, list: ReadonlyMap<string, number> | undefined): void {
    const [oldStart, oldLength] = [this.#start[node] as number, this.#length[node] as number];
    const before = this.#to.slice(oldStart, oldStart + oldLength);
    const length = list?.size ?? 0;
    this.#listed[node] = list;
    this.#isListed[node] = list ? 1 : 0;
    this.#inUse += length - oldLength;
    this.#length[node] = length;
    if (length > oldLength) this.#start[node] = this.#roomFor(node, length);
    let at = this.#start[node] as number;
    list?.forEach((cost, name) => {
      this.#to[at] = this.hold(name);
      this.#cost[at++] = cost;
    });
    for (const neighbour of before) this.release(neighbour);
  }

  /** Positions of a node's list, for {@link to} and {@link cost}. */
  first(node: number): number {
    return this.#start[node] as number;
  }

  /** The position behind the last. */
  end(node: number): number {
    return (this.#start[node] as number) + (this.#length[node] as number);
  }

  to(position: number): number {
    return this.#to[position] as number;
  }

  cost(position: number): number {
    return this.#cost[position] as number;
  }

  /** Whether a node that has been heard lists another; one that has not been heard denies nothing. */
  admits(node: number, other: number): boolean {
    const [start, length] = [this.#start[node] as number, this.#length[node] as number];
    if (length > shortList) return this.#listed[node]?.has(this.nameOf(other)) === true;
    for (let at = start; at < start + length; at++) if (this.#to[at] === other) return true;
    return this.#isListed[node] === 0;
  }

  /**
   * Mark every node that some way leads to, with 1.
   *
   * @param start what it lists counts, whoever denies it.
   * @param isDeadEnd a way may lead to such a node, not through it.
   * @returns how many of them have been heard.
   */
  reach(start: number, isDeadEnd: (node: number) => boolean, isFound: Uint8Array): number {
    const [starts, lengths, isListed, to] = [this.#start, this.#length, this.#isListed, this.#to];
    if (toVisit.length < isFound.length) toVisit = new Int32Array(2 * isFound.length);
    const queue = toVisit;
    let [found, heard] = [1, 0];
    queue[0] = start;
    isFound[start] = 1;
    for (let next = 0; next < found; next++) {
      const node = queue[next] as number;
      heard += isListed[node] as number;
      if (isDeadEnd(node)) continue;
      const first = starts[node] as number;
      for (let at = first, end = first + (lengths[node] as number); at < end; at++) {
        const neighbour = to[at] as number;
        if (isFound[neighbour] === 1 || (node !== start && !this.admits(neighbour, node))) continue;
        isFound[neighbour] = 1;
        queue[found++] = neighbour;
      }
    }
    return heard;
  }

  /** Room at the end of the memory. What was used before stays unused until most of it is; then all moves together. */
  #roomFor(node: number, length: number): number {
    if (this.#end + length > this.#to.length) this.#moveTogether(node, length);
    const start = this.#end;
    this.#end += length;
    return start;
  }

  #growTo(nodes: number): void {
    const grown = <T extends Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#start = grown(this.#start, new Int32Array(nodes));
    this.#length = grown(this.#length, new Int32Array(nodes));
    this.#isListed = grown(this.#isListed, new Uint8Array(nodes));
  }

  #moveTogether(growing: number, more: number): void {
    const [to, cost] = [this.#to, this.#cost];
    const size = Math.max(64, 2 * (this.#inUse + more));
    this.#to = new Int32Array(size);
    this.#cost = new Float64Array(size);
    this.#end = 0;
    for (let node = 0; node < this.size; node++) {
      // The one that grows is written anew, to its new place.
      const length = node === growing ? 0 : (this.#length[node] as number);
      const start = this.#start[node] as number;
      this.#to.set(to.subarray(start, start + length), this.#end);
      this.#cost.set(cost.subarray(start, start + length), this.#end);
      this.#start[node] = this.#end;
      this.#end += length;
    }
  }
}
