import type { Clock } from "#core";

/** How much of something is borne: so many at once, and one more each time a while has passed. */
export class Allowance {
  readonly #most: number;
  readonly #everyMs: number;
  readonly #clock: Pick<Clock, "elapsed">;
  #left: number;
  #countedAt: number;

  constructor(most: number, everyMs: number, clock: Pick<Clock, "elapsed">) {
    this.#most = most;
    this.#everyMs = everyMs;
    this.#clock = clock;
    this.#left = most;
    this.#countedAt = clock.elapsed();
  }

  /** Whether one more is borne; then it is counted. */
  take(): boolean {
    const more = Math.floor((this.#clock.elapsed() - this.#countedAt) / this.#everyMs);
    this.#countedAt += more * this.#everyMs;
    this.#left = Math.min(this.#most, this.#left + more);
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }
}
