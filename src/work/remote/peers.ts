import type { Clock } from "#core";

/** A node that spoke only Receptor's protocol may be another program by then. */
const rememberMs = 10 * 60_000;

/** Nodes that were found to know no orders, so that they need not be asked each time. */
export class Peers {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #receptors = new Map<string, number>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  isReceptor(node: string): boolean {
    const since = this.#receptors.get(node);
    if (since !== undefined && this.#clock.elapsed() - since < rememberMs) return true;
    this.#receptors.delete(node);
    return false;
  }

  foundReceptor(node: string): void {
    this.#receptors.set(node, this.#clock.elapsed());
  }
}
