/** Lets the first of many alike through, and one more each time a while has passed. Remembers a bounded number of keys. */
export class Sparing {
  readonly #everyMs: number;
  readonly #most: number;
  readonly #last = new Map<string, number>();

  constructor(everyMs: number, most: number) {
    this.#everyMs = everyMs;
    this.#most = most;
  }

  /** @param now milliseconds of a clock that only goes forward. */
  isDue(key: string, now = performance.now()): boolean {
    const last = this.#last.get(key);
    if (last !== undefined && now < last + this.#everyMs) return false;
    this.#last.delete(key);
    this.#last.set(key, now);
    // The one that was let through longest ago stands in front.
    const [oldest] = this.#last.keys();
    if (this.#last.size > this.#most && oldest !== undefined) this.#last.delete(oldest);
    return true;
  }
}
