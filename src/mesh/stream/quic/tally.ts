/** Counts things by the node they belong to, with a bound for each node and one for all. */
export class Tally {
  readonly #most: number;
  readonly #mostPerNode: number;
  readonly #counts = new Map<string, number>();
  #total = 0;

  constructor(most: number, mostPerNode: number) {
    this.#most = most;
    this.#mostPerNode = mostPerNode;
  }

  hasRoom(node: string): boolean {
    return this.#total < this.#most && (this.#counts.get(node) ?? 0) < this.#mostPerNode;
  }

  add(node: string): void {
    this.#total++;
    this.#counts.set(node, (this.#counts.get(node) ?? 0) + 1);
  }

  /** One that was added is gone. */
  remove(node: string): void {
    const left = (this.#counts.get(node) ?? 0) - 1;
    this.#total--;
    // Nodes that are gone must not be kept for ever.
    if (left > 0) this.#counts.set(node, left);
    else this.#counts.delete(node);
  }
}
