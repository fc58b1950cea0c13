import type { Clock } from "#core";

/**
 * Time as this process lived it, milliseconds. A daemon that was frozen has not listened either: what was said to it
 * meanwhile lies unread, and it must not blame those who said it.
 */
export class AwakeTime {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #longestMs: number;
  #now = 0;
  #lookedAt: number;

  /** @param longestMs between two looks no more than this counts. */
  constructor(clock: Pick<Clock, "elapsed">, longestMs: number) {
    this.#clock = clock;
    this.#longestMs = longestMs;
    this.#lookedAt = clock.elapsed();
  }

  /** To be called more often than `longestMs`. */
  now(): number {
    const elapsed = this.#clock.elapsed();
    this.#now += Math.min(elapsed - this.#lookedAt, this.#longestMs);
    this.#lookedAt = elapsed;
    return this.#now;
  }
}
