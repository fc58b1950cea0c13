import { type GoTime, goTime } from "../packet/go-time.ts";

/** A counter below the millisecond has six digits. */
const mostSameMs = 999_999;
/** A Go time has four digits for the year; some of the last ones are left to grow into. */
const latestMs = Date.UTC(9_990, 0, 1);

/**
 * Times that only grow: also within one millisecond, and when the clock is set back, now or between two starts. By them
 * others tell news from what is old (spec §3.9).
 */
export class GrowingTime {
  readonly #now: () => number;
  #lastMs: number;
  #sameMs = 0;

  /** @param now milliseconds since 1970. @param since later than any that was given in an earlier start. */
  constructor(now: () => number, since: number) {
    this.#now = now;
    this.#lastMs = Math.min(since, latestMs);
  }

  next(): GoTime {
    const now = Math.min(Math.floor(this.#now()), latestMs);
    if (now > this.#lastMs) this.#at(now);
    else if (this.#sameMs < mostSameMs) this.#sameMs++;
    else this.#at(this.#lastMs + 1);
    return goTime(this.#lastMs, this.#sameMs);
  }

  /** Somebody has heard a time of ours from an earlier start. @returns whether it is later than all we gave since. */
  pass({ nanoseconds }: GoTime): boolean {
    const ms = Number(nanoseconds / 1_000_000n);
    if (nanoseconds <= goTime(this.#lastMs, this.#sameMs).nanoseconds || ms >= latestMs) return false;
    this.#at(ms + 1);
    return true;
  }

  #at(ms: number): void {
    this.#lastMs = ms;
    this.#sameMs = 0;
  }
}
