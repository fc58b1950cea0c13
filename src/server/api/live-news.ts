import { randomBytes } from "node:crypto";

/** Things of which it is kept when they changed last. */
const keptThings = 2_000;

/**
 * What has changed, by name, and nothing of how: whoever follows reads it anew. A thing that changes a thousand times is
 * kept once, so that nobody who is slow costs anything. Names are such as `mesh`, `pending`, `configuration/NAME`.
 */
export class LiveNews {
  /** Positions of an earlier start mean nothing in this one. */
  readonly #start = randomBytes(6).toString("hex");
  readonly #kept: number;
  /** Number of the last change of each, the oldest first. */
  readonly #changed = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #last = 0;
  /** What is kept no longer has changed at this number at the latest. */
  #forgotten = 0;

  constructor(kept = keptThings) {
    this.#kept = kept;
  }

  /** Number of the newest change. */
  get last(): number {
    return this.#last;
  }

  /** A thing is another than before. Returns at once. */
  readonly changed = (name: string): void => {
    this.#changed.delete(name);
    this.#changed.set(name, ++this.#last);
    for (const [oldest, number] of this.#changed) {
      if (this.#changed.size <= this.#kept) break;
      this.#changed.delete(oldest);
      this.#forgotten = number;
    }
    for (const wake of [...this.#waiting]) wake();
  };

  positionOf(number: number): string {
    return `${this.#start}-${number}`;
  }

  /** The number in a position of this start. */
  numberOf(position: string): number | undefined {
    const [start, digits = ""] = position.split("-");
    const number = Number(digits);
    return start === this.#start && /^\d{1,15}$/.test(digits) && number <= this.#last ? number : undefined;
  }

  /** Whether some of it may have changed behind a number. A name that ends in a slash means all that begin with it. */
  isNews(names: readonly string[], number: number): boolean {
    if (number >= this.#last) return false;
    if (number < this.#forgotten) return true;
    return names.some((name) =>
      name.endsWith("/") ? this.named(name, number).length > 0 : (this.#changed.get(name) ?? 0) > number,
    );
  }

  /** What of it has changed behind a number, without the beginning; what was forgotten is missing. */
  named(beginning: string, number: number): string[] {
    const found: string[] = [];
    for (const [name, at] of this.#changed)
      if (at > number && name.startsWith(beginning)) found.push(name.slice(beginning.length));
    return found;
  }

  /** Whether changes behind a number may have been forgotten. */
  hasForgotten(number: number): boolean {
    return number < this.#forgotten;
  }

  /** Resolves when some of it has changed behind a number, or `signal` fires. */
  async more(names: readonly string[], number: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.isNews(names, number)) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#waiting.delete(look);
        signal.removeEventListener("abort", settle);
        resolve();
      };
      const look = (): void => {
        if (this.isNews(names, number)) settle();
      };
      this.#waiting.add(look);
      signal.addEventListener("abort", settle, { once: true });
    });
  }
}
