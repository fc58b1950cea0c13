import type { Clock } from "#core";

/** A clock that was set ahead is believed when it has stood so for this long. */
const believedAfterMs = 24 * 60 * 60_000;

/**
 * The time by which the ages of what is kept are reckoned: behind the wall clock or with it, never ahead of it, and it goes
 * on no faster than time does. So somebody who sets the clock far ahead, and back again within a day, has nothing forgotten
 * that was to be kept; what is kept for a day too long harms nobody.
 */
export class AgeClock implements Pick<Clock, "now"> {
  readonly #clock: Pick<Clock, "now" | "elapsed">;
  /** What `elapsed` is subtracted from: a time that was right, as far as anybody knows. */
  #aheadMs: number;
  /** When the wall clock was last seen where this clock is, by `elapsed`. */
  #agreedAt: number;

  /** @param lastKnown milliseconds since 1970 when this server last wrote something down; undefined: it never has. */
  constructor(clock: Pick<Clock, "now" | "elapsed">, lastKnown?: number) {
    this.#clock = clock;
    this.#agreedAt = clock.elapsed();
    this.#aheadMs = Math.min(clock.now(), lastKnown ?? Number.POSITIVE_INFINITY) - this.#agreedAt;
  }

  now(): number {
    const wall = this.#clock.now();
    const elapsed = this.#clock.elapsed();
    // A little ahead is drift, which is put right with all the rest.
    const isBelieved = wall <= this.#aheadMs + elapsed || elapsed >= this.#agreedAt + believedAfterMs;
    if (isBelieved) {
      this.#aheadMs = wall - elapsed;
      this.#agreedAt = elapsed;
    }
    return Math.min(wall, Math.round(this.#aheadMs + elapsed));
  }
}
