/** How much guessing of a secret is borne from one source. */
export interface GuessingRule {
  /** From so many failures on, each one doubles the time until the next try, starting with a second. */
  readonly delayAfter: number;
  /** So many failures within `windowMs` lock, for `lockMs` after the last. */
  readonly lockAfter: number;
  readonly windowMs: number;
  readonly lockMs: number;
}

const minuteMs = 60_000;

/** CAT-27: 5 failures delay, 20 in 10 minutes switch it off for 15. */
export const passwordGuessing: GuessingRule = {
  delayAfter: 5,
  lockAfter: 20,
  windowMs: 10 * minuteMs,
  lockMs: 15 * minuteMs,
};

/** What the first failure that is too many makes the next try wait, milliseconds. */
export const firstGuessDelayMs = 1_000;
const longestDelayMs = 30_000;

/**
 * How long the next try must wait, in milliseconds; 0: not at all.
 *
 * @param failures times of the failures, the last one first, at least the last `lockAfter`.
 * @param others tries that have begun and not ended: each may fail.
 */
export function guessWaitMs(rule: GuessingRule, failures: readonly number[], others: number, now: number): number {
  const last = failures[0] ?? Number.NEGATIVE_INFINITY;
  if (areLocking(rule, failures) && now < last + rule.lockMs) return last + rule.lockMs - now;
  const counted = failures.filter((at) => at > now - rule.windowMs).length;
  if (counted + others < rule.delayAfter) return 0;
  // One after the other from here on, so that a thousand at once are no more than one.
  if (others > 0) return firstGuessDelayMs;
  const delayMs = Math.min(firstGuessDelayMs * 2 ** (counted - rule.delayAfter), longestDelayMs);
  return Math.max(0, last + delayMs - now);
}

/** Whether the last failures came so close that they lock. @param failures as {@link guessWaitMs} takes them. */
export function areLocking({ lockAfter, windowMs }: GuessingRule, failures: readonly number[]): boolean {
  const [last, first] = [failures[0], failures[lockAfter - 1]];
  return last !== undefined && first !== undefined && last - first <= windowMs;
}
