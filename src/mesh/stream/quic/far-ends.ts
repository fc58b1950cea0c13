import type { ConnectionDriver } from "./connection-driver.ts";

/** Connections by the node at their far end: those of one node, and of all for which it speaks. */
export class FarEnds {
  readonly #byNode = new Map<string, Set<ConnectionDriver>>();

  add(node: string, driver: ConnectionDriver): void {
    const there = this.#byNode.get(node);
    if (there) there.add(driver);
    else this.#byNode.set(node, new Set([driver]));
  }

  remove(node: string, driver: ConnectionDriver): void {
    const there = this.#byNode.get(node);
    there?.delete(driver);
    if (there?.size === 0) this.#byNode.delete(node);
  }

  /** Nodes that some connection leads to. */
  nodes(): Iterable<string> {
    return this.#byNode.keys();
  }

  of(node: string): Iterable<ConnectionDriver> {
    return this.#byNode.get(node) ?? [];
  }
}
