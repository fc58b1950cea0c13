import { seededRandom } from "../../src/mesh/simulator/virtual-time.ts";
import type { Cancel, Environment } from "../../src/mesh/routing/environment.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** For tests: time that stands until the test turns it, and chance that a seed decides. */
export class TurnedClock implements Environment {
  readonly random: () => number;
  #elapsed = 0;
  #timers: Timer[] = [];

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, run: () => void): Cancel {
    const timer = { at: this.#elapsed + ms, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((each) => each !== timer));
  }

  every(ms: number, firstMs: number, run: () => void): Cancel {
    let stop = this.after(firstMs, () => repeat());
    const repeat = (): void => {
      stop = this.after(ms, repeat);
      run();
    };
    return () => stop();
  }

  /** Turn the clock: all that falls due up to then happens, in order. */
  pass(ms: number): void {
    const end = this.#elapsed + ms;
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#elapsed = timer.at;
      timer.run();
    }
    this.#elapsed = end;
  }

  /** The earliest timer up to a moment, taken out; of several of one moment the one set first. */
  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    this.#timers = this.#timers.filter((each) => each !== next);
    return next;
  }
}
