import type { Clock } from "#core";

const firstMs = 1_000;
const growth = 1.5;
const longestMs = 60_000;
/** How often a way to the node is looked for while waiting. */
const lookMs = 1_000;

/** Waits between attempts to reach a node: 1 s, each half as long again, at most 60 s (spec §2.7.3). */
export class Backoff {
  readonly #clock: Clock;
  readonly #hasRoute: () => boolean | undefined;
  #nextMs = firstMs;

  /** @param hasRoute whether a way leads to the node now, or undefined when nobody knows. */
  constructor(clock: Clock, hasRoute: () => boolean | undefined = () => undefined) {
    this.#clock = clock;
    this.#hasRoute = hasRoute;
  }

  /** The node was reached: begin anew. */
  reset(): void {
    this.#nextMs = firstMs;
  }

  /** Wait for the next attempt; no longer than until a way to the node appears. @throws the reason of the signal. */
  async wait(signal: AbortSignal): Promise<void> {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(longestMs, ms * growth);
    if (this.#hasRoute() !== false) return this.#clock.sleep(ms, signal);
    for (let left = ms; left > 0; left -= lookMs) {
      await this.#clock.sleep(Math.min(left, lookMs), signal);
      if (this.#hasRoute()) return;
    }
  }
}
