/** After this long without a flood it is as if there never was one. */
const calmMs = 5_000;
const firstMs = 100;
const mostMs = 1_000;
/** So many changes are told at once; two or three come with every start and every cable that is pulled. */
const floodsAtOnce = 4;

/**
 * How long a node waits before it floods what has changed with it: as long as it takes for what comes along (spec §3.6).
 * While changes keep coming the wait doubles up to a second, so that a link that comes and goes does not keep the whole
 * mesh busy.
 */
export class HoldDown {
  #floods = 0;
  #waitMs = firstMs;
  #floodedAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds from now to the flood that a change at `elapsed` asks for. To be asked once for each flood. */
  next(elapsed: number): number {
    if (elapsed - this.#floodedAt > calmMs) {
      this.#floods = 0;
      this.#waitMs = firstMs;
    }
    if (++this.#floods > floodsAtOnce) this.#waitMs = Math.min(mostMs, this.#waitMs * 2);
    this.#floodedAt = elapsed + this.#waitMs;
    return this.#waitMs;
  }
}
