import type { Clock } from "#core";
import { ServerError, type ServerErrorCode } from "../errors.ts";
import { forgetLoginFailures, insertLoginFailures, loginFailures } from "../store/login-failures.ts";
import type { Store } from "../store/store.ts";

/** How much guessing is borne under one key. */
export interface LockOutRule {
  /** What the one is told who must wait. */
  readonly code: ServerErrorCode;
  /** From so many failures on, each one doubles the time until the next try, starting with a second. */
  readonly delayAfter: number;
  /** So many failures within `windowMs` lock, for `lockMs` after the last. */
  readonly lockAfter: number;
  readonly windowMs: number;
  readonly lockMs: number;
}

const minuteMs = 60_000;

/** CAT-27: 5 failures delay, 20 in 10 minutes switch it off for 15. */
export const passwordRule: LockOutRule = {
  code: "LOGIN_DELAYED",
  delayAfter: 5,
  lockAfter: 20,
  windowMs: 10 * minuteMs,
  lockMs: 15 * minuteMs,
};

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

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;
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

/**
 * How long the next try must wait, in milliseconds; 0: not at all.
 *
 * @param failures times of the failures, the last one first, at least the last `lockAfter`.
 * @param others tries that have begun and not ended: each may fail.
 */
export function waitMs(rule: LockOutRule, failures: readonly number[], others: number, now: number): number {
  const last = failures[0] ?? Number.NEGATIVE_INFINITY;
  if (isLocking(rule, failures) && now < last + rule.lockMs) return last + rule.lockMs - now;
  const counted = failures.filter((at) => at > now - rule.windowMs).length;
  if (counted + others < rule.delayAfter) return 0;
  // One after the other from here on, so that a thousand at once are no more than one.
  if (others > 0) return firstDelayMs;
  const delayMs = Math.min(firstDelayMs * 2 ** (counted - rule.delayAfter), longestDelayMs);
  return Math.max(0, last + delayMs - now);
}

function isLocking({ lockAfter, windowMs }: LockOutRule, failures: readonly number[]): boolean {
  const [last, first] = [failures[0], failures[lockAfter - 1]];
  return last !== undefined && first !== undefined && last - first <= windowMs;
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
    if (others.some((count) => count >= rule.delayAfter)) throw new RetryLaterError(rule.code, firstDelayMs);
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
    return failures.some((times) => isLocking(rule, times));
  }

  async #waitMs(rule: LockOutRule, key: string, others: number): Promise<number> {
    return waitMs(rule, await this.#failures(rule, key), others, this.#clock.now());
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
