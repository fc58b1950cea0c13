export interface GateOptions {
  /** How many work at once. */
  readonly atOnce: number;
  /** How many wait for that; one more is refused. */
  readonly waiting: number;
  /** What the one more is told. */
  readonly full: () => Error;
}

/** Lets a few through at a time, in the order they came, and sends the crowd away. */
export class Gate {
  readonly #options: GateOptions;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** @throws the `full` error at once when too many wait; the reason of `signal` when that fires while waiting. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(signal: AbortSignal | undefined): Promise<void> | undefined {
    signal?.throwIfAborted();
    if (this.#inside < this.#options.atOnce) {
      this.#inside++;
      return undefined;
    }
    if (this.#waiting.length >= this.#options.waiting) throw this.#options.full();
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(go);
    });
  }

  /** The place is handed to the next one, so that nobody slips in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inside--;
  }
}
