import type { Clock } from "#core";

/** Bounds of an {@link IdleTable}. */
export interface IdleLimits {
  /** Entries at once; the one that was used longest ago makes room. */
  readonly entries: number;
  /** An entry that was not used for so long is closed. */
  readonly idleMs: number;
}

/** Five minutes, as address translators keep UDP mappings. */
export const idleLimits: IdleLimits = { entries: 4096, idleMs: 5 * 60_000 };

/** Things that are kept as long as they are used: the mappings of a UDP proxy. */
export class IdleTable<T extends { close(): void }> {
  readonly #limits: IdleLimits;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  /** In order of last use. */
  readonly #entries = new Map<string, { readonly thing: T; readonly usedAt: number }>();

  constructor(limits: IdleLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    void this.#keepSweeping();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The thing of this key, which counts as a use of it; made when there is none. */
  use(key: string, make: () => T): T {
    const thing = this.#entries.get(key)?.thing ?? make();
    this.#renew(key, thing);
    if (this.#entries.size > this.#limits.entries) this.#closeOldest();
    return thing;
  }

  /** The thing of this key, if there still is one, was used from its other side. */
  touch(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#renew(key, entry.thing);
  }

  /** Take out a thing that broke. */
  drop(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    entry?.thing.close();
  }

  close(): void {
    this.#stop.abort();
    while (this.#entries.size > 0) this.#closeOldest();
  }

  #renew(key: string, thing: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, { thing, usedAt: this.#clock.elapsed() });
  }

  async #keepSweeping(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Fails when the table is closed, and then the loop ends.
      await this.#clock.sleep(this.#limits.idleMs / 4, signal).catch(() => {});
      this.#sweep();
    }
  }

  #sweep(): void {
    const limit = this.#clock.elapsed() - this.#limits.idleMs;
    for (const { usedAt } of this.#entries.values()) {
      if (usedAt > limit) return;
      this.#closeOldest();
    }
  }

  #closeOldest(): void {
    for (const key of this.#entries.keys()) return this.drop(key);
  }
}
