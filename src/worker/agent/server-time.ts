import type { Clock } from "#core";

/**
 * The time that the server dates assertions by, as the worker has learned it last: with its own clock wrong, and set while
 * it runs, it still knows what is too old (CAT-124).
 */
export class ServerTime {
  readonly #clock: Pick<Clock, "elapsed">;
  #aheadMs = 0;

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  /** The server has said what time it was. @param tookMs since it was asked. */
  learn(serverTimeMs: number, tookMs: number): void {
    this.#aheadMs = serverTimeMs + tookMs / 2 - this.#clock.elapsed();
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#aheadMs + this.#clock.elapsed();
  }
}
