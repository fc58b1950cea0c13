import type { Clock } from "#core";

const shortestMs = 250;
const longestMs = 30_000;
/** All workers of a server learn at once that it has restarted: they register again within this time, milliseconds. */
const spreadMs = 4_000;

/** How long to wait before the server is asked again: longer each time, and not as long as everybody else (CAT-38). */
export class Patience {
  readonly #clock: Pick<Clock, "sleep">;
  readonly #random: () => number;
  #nextMs = shortestMs;

  constructor(clock: Pick<Clock, "sleep">, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Resolves early when the signal fires. */
  async wait(signal: AbortSignal): Promise<void> {
    const ms = this.#nextMs * (0.5 + this.#random());
    this.#nextMs = Math.min(longestMs, 2 * this.#nextMs);
    await this.#clock.sleep(ms, signal).catch(() => {});
  }

  /** It went well: the next time begins with the shortest pause. */
  satisfied(): void {
    this.#nextMs = shortestMs;
  }

  async spread(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(spreadMs * this.#random(), signal);
  }
}
