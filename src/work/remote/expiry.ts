import type { Clock } from "#core";
import { expiredText } from "./remote-data.ts";

/** Longest timer Node has is 24 days; a ttl may be longer. */
const longestSleepMs = 24 * 60 * 60_000;

export interface ExpiryOptions {
  readonly clock: Clock;
  /** When it is over, milliseconds since 1970; undefined: never. */
  readonly at: number | undefined;
  /** Whether the work may have started; then it expires no more. */
  readonly mayHaveStarted: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * The ttl of work that has not started (spec §2.7.6). The wall clock is asked once, for how long that is from now: when
 * it is set while we wait, the time left stays what it is.
 */
export class Expiry {
  readonly #options: ExpiryOptions;
  /** By {@link Clock.elapsed}. */
  readonly #until: number;
  readonly #stopping = new AbortController();
  #passed = new AbortController();
  #isHeld = false;

  constructor(options: ExpiryOptions) {
    const { clock, at } = options;
    this.#options = options;
    this.#until = at === undefined ? Number.POSITIVE_INFINITY : clock.elapsed() + at - clock.now();
    if (at !== undefined) void this.#watch();
  }

  get text(): string {
    return expiredText(this.#options.at ?? 0);
  }

  /** Over, and nothing of it can have started. */
  get isOver(): boolean {
    return this.#leftMs() <= 0 && !this.#options.mayHaveStarted();
  }

  /** Fires when it is over, and when everything is to stop. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#options.signal, this.#passed.signal]);
  }

  hold(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
  }

  stop(): void {
    this.#stopping.abort(new Error("no longer waited for"));
  }

  #leftMs(): number {
    return this.#until - this.#options.clock.elapsed();
  }

  async #watch(): Promise<void> {
    const { clock, signal } = this.#options;
    const stop = AbortSignal.any([signal, this.#stopping.signal]);
    try {
      for (let left = this.#leftMs(); left > 0; left = this.#leftMs())
        await clock.sleep(Math.min(left, longestSleepMs), stop);
    } catch {
      return;
    }
    if (!this.#isHeld && this.isOver) this.#passed.abort(new Error(this.text));
  }
}
