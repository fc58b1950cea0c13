import type { Clock } from "#core";

/** How long is waited between two tries, milliseconds. */
export interface PatienceTimes {
  readonly shortestMs: number;
  readonly longestMs: number;
  /** The longest pause when the server is there and says that it cannot now, as while its database is away. */
  readonly longestAnsweredMs: number;
}

/** CAT-38: a cut of a moment is over at once, and a server that is away for long is asked every five minutes. */
export const patienceTimes: PatienceTimes = { shortestMs: 250, longestMs: 5 * 60_000, longestAnsweredMs: 20_000 };

/** How long to wait before the server is asked again: longer each time, and not as long as everybody else (CAT-38). */
export class Patience {
  readonly #clock: Pick<Clock, "sleep">;
  readonly #random: () => number;
  readonly #times: PatienceTimes;
  #nextMs: number;
  #woken = new AbortController();

  /** @param random gives numbers from 0 up to 1. */
  constructor(clock: Pick<Clock, "sleep">, random: () => number, times: PatienceTimes = patienceTimes) {
    this.#clock = clock;
    this.#random = random;
    this.#times = times;
    this.#nextMs = times.shortestMs;
  }

  /** Between half and all of a pause that doubles each time. Resolves early when the signal fires, or at {@link wake}. */
  async wait(signal: AbortSignal): Promise<void> {
    const ms = this.#nextMs * (0.5 + this.#random() / 2);
    this.#nextMs = Math.min(this.#times.longestMs, 2 * this.#nextMs);
    this.#woken = new AbortController();
    await this.#clock.sleep(ms, AbortSignal.any([signal, this.#woken.signal])).catch(() => {});
  }

  /** Somebody knows that the server can be reached again: who waits tries now. */
  wake(): void {
    this.#nextMs = this.#times.shortestMs;
    this.#woken.abort();
  }

  /** The server has answered, though not as it should: it is not away, and will be well again before long. */
  answered(): void {
    this.#nextMs = Math.min(this.#nextMs, this.#times.longestAnsweredMs);
  }

  /** It went well: the next time begins with the shortest pause. */
  satisfied(): void {
    this.#nextMs = this.#times.shortestMs;
  }

  /** Wait for a random part of the time within which all workers come back. @throws the signal's reason. */
  async spread(withinMs: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(withinMs * this.#random(), signal);
  }
}
