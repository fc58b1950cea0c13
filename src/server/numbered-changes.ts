import { randomBytes } from "node:crypto";

/** Counts changes, so that somebody can come back with the position of the last one known; and wakes who waits for the next. */
export class NumberedChanges {
  /** Positions of an earlier start mean nothing in this one. */
  readonly #start = randomBytes(6).toString("hex");
  readonly #waiting = new Set<() => void>();
  #last = 0;

  /** Number of the newest change. */
  get last(): number {
    return this.#last;
  }

  /** So many more have happened, and can be read: who waits looks. */
  add(count: number): void {
    this.#last += count;
    for (const look of [...this.#waiting]) look();
  }

  positionOf(number: number): string {
    return `${this.#start}-${number}`;
  }

  /** The number in a position of this start. */
  numberOf(position: string): number | undefined {
    const [start, digits = ""] = position.split("-");
    const number = Number(digits);
    return start === this.#start && /^\d{1,15}$/.test(digits) && number <= this.#last ? number : undefined;
  }

  /** Resolves when changes have made this true, or `signal` fires. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted || holds()) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#waiting.delete(look);
        signal.removeEventListener("abort", settle);
        resolve();
      };
      const look = (): void => {
        if (holds()) settle();
      };
      this.#waiting.add(look);
      signal.addEventListener("abort", settle, { once: true });
    });
  }
}
