/** So much at once, and so much a second for long: what somebody may cost us. What is not used is saved up. */
export class Allowance {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  /** @param elapsed now, in milliseconds that never go back. */
  constructor(burst: number, perSecond: number, elapsed: number) {
    this.#burst = this.#left = burst;
    this.#perSecond = perSecond;
    this.#at = elapsed;
  }

  /** Take so much, or nothing: there is less. */
  take(amount: number, elapsed: number): boolean {
    const earned = ((elapsed - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + earned);
    this.#at = elapsed;
    if (this.#left < amount) return false;
    this.#left -= amount;
    return true;
  }
}
