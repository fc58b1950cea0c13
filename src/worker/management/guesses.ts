import { areLocking, type Clock, firstGuessDelayMs, type GuessingRule, guessWaitMs, passwordGuessing } from "#core";
import { WorkerError } from "../errors.ts";

/** Sources whose failures are remembered; one more and the one that failed longest ago is forgotten. */
const mostSources = 10_000;
/** Everybody but those on the Unix socket together. */
const everybody = "everybody";
/** Whoever can open the Unix socket is slowed down and never locked out (CAT-27). */
const localRule: GuessingRule = { ...passwordGuessing, lockAfter: Number.POSITIVE_INFINITY };
/** Failures that are remembered of one source: as many as lock. */
const mostFailures = passwordGuessing.lockAfter;

/** A login that may be tried. At the end of its scope it no longer counts, unless it {@link Guess.failed}. */
export interface Guess extends Disposable {
  /** @returns whether this failure switches login off for its source, or for everybody. */
  failed(): boolean;
}

/** Counts failed logins by source and altogether, and sends away who fails too often (CAT-27). In memory. */
export class Guesses {
  readonly #clock: Pick<Clock, "elapsed">;
  /** Times of failures, the last one first. */
  readonly #failures = new Map<string, number[]>();
  /** Guesses that have begun: many at once must not all find none before. */
  readonly #begun = new Map<string, number>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  /** @throws {WorkerError} LOGIN_DELAYED: what was to be tried must not be looked at. */
  begin(source: string): Guess {
    const isLocal = source === "local";
    const keys = isLocal ? [source] : [`from ${source}`, everybody];
    const rule = isLocal ? localRule : passwordGuessing;
    const waitMs = Math.max(...keys.map((key) => this.#waitMs(rule, key)));
    if (waitMs > 0) throw tooMany(waitMs);
    for (const key of keys) this.#begun.set(key, this.#others(key) + 1);
    return {
      failed: () => keys.map((key) => this.#fail(rule, key)).includes(true),
      [Symbol.dispose]: () => keys.forEach((key) => this.#end(key)),
    };
  }

  #waitMs(rule: GuessingRule, key: string): number {
    if (this.#others(key) >= rule.delayAfter) return firstGuessDelayMs;
    return guessWaitMs(rule, this.#failures.get(key) ?? [], this.#others(key), this.#clock.elapsed());
  }

  #others(key: string): number {
    return this.#begun.get(key) ?? 0;
  }

  #fail(rule: GuessingRule, key: string): boolean {
    const failures = [this.#clock.elapsed(), ...(this.#failures.get(key) ?? [])].slice(0, mostFailures);
    // Taken out first, so that the map's order is that of the last failures.
    this.#failures.delete(key);
    this.#failures.set(key, failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > mostSources && oldest !== undefined) this.#failures.delete(oldest);
    return areLocking(rule, failures);
  }

  #end(key: string): void {
    const left = this.#others(key) - 1;
    if (left > 0) this.#begun.set(key, left);
    else this.#begun.delete(key);
  }
}

function tooMany(waitMs: number): WorkerError {
  return new WorkerError(
    "LOGIN_DELAYED",
    `too many failed logins; try again in ${Math.ceil(waitMs / 1_000)} s (CAT-27)`,
  );
}
