import type { Clock } from "#core";

/** So many turns a second, evenly: a burst at the beginning would be what the limit is against. */
export class Pace {
  readonly #everyMs: number;
  readonly #clock: Pick<Clock, "elapsed" | "sleep">;
  #next: number;

  constructor(perSecond: number, clock: Pick<Clock, "elapsed" | "sleep">) {
    this.#everyMs = 1_000 / perSecond;
    this.#clock = clock;
    this.#next = clock.elapsed();
  }

  /** Wait for the next turn. Time that nobody used is not saved up. @throws the reason of `signal` */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const now = this.#clock.elapsed();
    const at = Math.max(now, this.#next);
    this.#next = at + this.#everyMs;
    // Timers are no finer than that.
    if (at - now >= 1) await this.#clock.sleep(at - now, signal);
  }
}
