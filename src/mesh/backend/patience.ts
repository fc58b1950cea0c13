/** How long a dialer waits between two dials, milliseconds. */
export interface RedialTimes {
  /** The first retry comes at random between the two: most cuts are short, and nodes that start together miss one another. */
  readonly firstMs: readonly [min: number, max: number];
  /** Further ones wait twice as long each, until it is this long. */
  readonly baseMs: number;
  /** From there on each waits `factor` times longer, at most `maxMs` (spec §3.2). */
  readonly factor: number;
  readonly maxMs: number;
  /** A session that lived this long was a good one: after it the first retry is fast again. */
  readonly livedMs: number;
}

/** Receptor's times (spec §3.2), with fast retries before them. */
export const redialTimes: RedialTimes = {
  firstMs: [100, 300],
  baseMs: 5000,
  factor: 1.5,
  maxMs: 20_000,
  livedMs: 10_000,
};

/** Share of a wait that is left to chance, so that a thousand dialers do not come back all at once. */
const jitter = 0.2;

/** Counts what went wrong and says how long to wait now. */
export class Patience {
  readonly #times: RedialTimes;
  readonly #random: () => number;
  /** Steps whose wait is shorter than `baseMs`. */
  readonly #fastSteps: number;
  #step = 0;
  /** The session before lived for a moment only. */
  #wasShort = false;

  /** @param random gives numbers from 0 up to 1. */
  constructor(times: RedialTimes, random: () => number) {
    this.#times = times;
    this.#random = random;
    this.#fastSteps = Math.max(1, Math.ceil(Math.log2(times.baseMs / middle(times.firstMs))));
  }

  /**
   * A session came and has ended. Even a short one shows that the far end is there: it is not waited for long. But one
   * that turns us away again is not pressed.
   */
  sessionEnded(livedMs: number): void {
    const isShort = livedMs < this.#times.livedMs;
    this.#step = isShort && this.#wasShort ? this.#fastSteps : 0;
    this.#wasShort = isShort;
  }

  /** The wait before the next dial, milliseconds. */
  nextWait(): number {
    const { firstMs, baseMs, factor, maxMs } = this.#times;
    const step = this.#step++;
    if (step === 0) return firstMs[0] + this.#random() * (firstMs[1] - firstMs[0]);
    const slowStep = step - this.#fastSteps;
    const wait = slowStep < 0 ? middle(firstMs) * 2 ** step : Math.min(maxMs, baseMs * factor ** slowStep);
    return wait * (1 - jitter + 2 * jitter * this.#random());
  }
}

function middle([min, max]: readonly [min: number, max: number]): number {
  return (min + max) / 2;
}
