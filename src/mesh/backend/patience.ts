/** How long a dialer waits between two dials, milliseconds. */
export interface RedialTimes {
  /** The first retry comes at random between the two: most cuts are short. */
  readonly firstMs: readonly [min: number, max: number];
  /** The second retry; each further one waits `factor` times longer, at most `maxMs` (spec §3.2). */
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** A session that lived this long was a good one: after it the first retry is fast again. */
  readonly livedMs: number;
}

/** Receptor's times (spec §3.2), with a fast first retry. */
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
  #step = 0;

  /** @param random gives numbers from 0 up to 1. */
  constructor(times: RedialTimes, random: () => number) {
    this.#times = times;
    this.#random = random;
  }

  /** A session came and has ended. Even a short one shows that the far end is there: it is not waited for long. */
  sessionEnded(livedMs: number): void {
    this.#step = livedMs >= this.#times.livedMs ? 0 : Math.min(this.#step, 1);
  }

  /** The wait before the next dial, milliseconds. */
  nextWait(): number {
    const { firstMs, baseMs, factor, maxMs } = this.#times;
    const step = this.#step++;
    if (step === 0) return firstMs[0] + this.#random() * (firstMs[1] - firstMs[0]);
    const wait = Math.min(maxMs, baseMs * factor ** (step - 1));
    return wait * (1 - jitter + 2 * jitter * this.#random());
  }
}
