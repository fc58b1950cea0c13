/** Wakes whoever waits for news. Take {@link heard} before looking, and wait for it after: then no news is missed. */
export class Bell {
  #ring: () => void = () => {};
  #heard = this.#next();

  /** Resolves at the next {@link ring}. */
  get heard(): Promise<void> {
    return this.#heard;
  }

  ring(): void {
    const ring = this.#ring;
    this.#heard = this.#next();
    ring();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve;
    });
  }
}
