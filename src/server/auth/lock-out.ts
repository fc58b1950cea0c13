import { areLocking, type Clock, firstGuessDelayMs, type GuessingRule, guessWaitMs, passwordGuessing } from "#core";
import { ServerError, type ServerErrorCode } from "../errors.ts";
import { forgetLoginFailures, insertLoginFailures, loginFailures } from "../store/login-failures.ts";
import type { Store } from "../store/store.ts";

/** How much guessing is borne under one key. */
export interface LockOutRule extends GuessingRule {
  /** What the one is told who must wait. */
  readonly code: ServerErrorCode;
}

const minuteMs = 60_000;

/** See {@link passwordGuessing}. */
export const passwordRule: LockOutRule = { code: "LOGIN_DELAYED", ...passwordGuessing };

/**
 * CAT-66: 5 wrong codes delay, 10 lock for 15 minutes. They count for a day, unless a right one comes: who has the
 * password and guesses on gets a hundred tries in that day, of a million.
 */
export const factorRule: LockOutRule = {
  code: "FACTOR_LOCKED",
  delayAfter: 5,
  lockAfter: 10,
  windowMs: 24 * 60 * minuteMs,
  lockMs: 15 * minuteMs,
};

/** Failures older than this are asked about by no rule. */
export const failuresKeptMs = factorRule.windowMs + factorRule.lockMs;

/** Servers of one database may differ by so much; what lies further ahead was written before a clock was set back. */
const skewMs = 10_000;

/** Too many failures: to be tried again after `retryAfterMs`. */
export class RetryLaterError extends ServerError {
  readonly retryAfterMs: number;

  constructor(code: ServerErrorCode, retryAfterMs: number) {
    super(code, `too many failed tries; try again in ${Math.ceil(retryAfterMs / 1_000)} s`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** A try that was let through. At the end of its scope it no longer counts, unless it {@link Attempt.failed}. */
export interface Attempt extends Disposable {
  /** It counts from now on. @returns whether this one locks. */
  failed(): Promise<boolean>;
}

/** Counts failures under keys, such as `user:…` and `source:…`, and sends away who fails too often. */
export class LockOut {
  readonly #store: Store;
  readonly #clock: Pick<Clock, "now">;
  /** Tries that have begun here, by key. Counted before anything waits: many at once must not all find none before. */
  readonly #begun = new Map<string, number>();

  constructor(store: Store, clock: Pick<Clock, "now">) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws {RetryLaterError} with the rule's code: what was to be tried must not be looked at. */
  async begin(rule: LockOutRule, keys: readonly string[]): Promise<Attempt> {
    const others = keys.map((key) => this.#begun.get(key) ?? 0);
    // Said without asking the database, which a flood of tries must not keep busy.
    if (others.some((count) => count >= rule.delayAfter)) throw new RetryLaterError(rule.code, firstGuessDelayMs);
    for (const key of keys) this.#begun.set(key, (this.#begun.get(key) ?? 0) + 1);
    const attempt: Attempt = {
      failed: () => this.#failed(rule, keys),
      [Symbol.dispose]: () => this.#end(keys),
    };
    try {
      const waits = await Promise.all(keys.map((key, index) => this.#waitMs(rule, key, others[index] ?? 0)));
      const longest = Math.max(...waits);
      if (longest > 0) throw new RetryLaterError(rule.code, longest);
      return attempt;
    } catch (error) {
      attempt[Symbol.dispose]();
      throw error;
    }
  }

  /** Start anew under a key. */
  async forget(key: string): Promise<void> {
    await forgetLoginFailures(this.#store, key);
  }

  async #failed(rule: LockOutRule, keys: readonly string[]): Promise<boolean> {
    await insertLoginFailures(this.#store, keys, this.#clock.now());
    const failures = await Promise.all(keys.map((key) => this.#failures(rule, key)));
    return failures.some((times) => areLocking(rule, times));
  }

  async #waitMs(rule: LockOutRule, key: string, others: number): Promise<number> {
    return guessWaitMs(rule, await this.#failures(rule, key), others, this.#clock.now());
  }

  #failures(rule: LockOutRule, key: string): Promise<number[]> {
    const now = this.#clock.now();
    const since = now - rule.windowMs - rule.lockMs;
    return loginFailures(this.#store, key, { since, until: now + skewMs, most: rule.lockAfter });
  }

  #end(keys: readonly string[]): void {
    for (const key of keys) {
      const left = (this.#begun.get(key) ?? 0) - 1;
      if (left > 0) this.#begun.set(key, left);
      else this.#begun.delete(key);
    }
  }
}
