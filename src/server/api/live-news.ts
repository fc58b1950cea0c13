import { NumberedChanges } from "../numbered-changes.ts";

/** Things of which it is kept when they changed last. */
const keptThings = 2_000;

/**
 * What has changed, by name, and nothing of how: whoever follows reads it anew. A thing that changes a thousand times is
 * kept once, so that nobody who is slow costs anything. Names are such as `mesh`, `pending`, `configuration/NAME`.
 */
export class LiveNews {
  readonly #numbers = new NumberedChanges();
  readonly #kept: number;
  /** Number of the last change of each, the oldest first. */
  readonly #changed = new Map<string, number>();
  /** What is kept no longer has changed at this number at the latest. */
  #forgotten = 0;

  constructor(kept = keptThings) {
    this.#kept = kept;
  }

  /** Number of the newest change. */
  get last(): number {
    return this.#numbers.last;
  }

  /** A thing is another than before. Returns at once. */
  readonly changed = (name: string): void => {
    this.#changed.delete(name);
    this.#changed.set(name, this.last + 1);
    for (const [oldest, number] of this.#changed) {
      if (this.#changed.size <= this.#kept) break;
      this.#changed.delete(oldest);
      this.#forgotten = number;
    }
    this.#numbers.add(1);
  };

  positionOf(number: number): string {
    return this.#numbers.positionOf(number);
  }

  /** The number in a position of this start. */
  numberOf(position: string): number | undefined {
    return this.#numbers.numberOf(position);
  }

  /** Whether some of it may have changed behind a number. A name that ends in a slash means all that begin with it. */
  isNews(names: readonly string[], number: number): boolean {
    if (number >= this.last) return false;
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
    await this.#numbers.until(() => this.isNews(names, number), signal);
  }
}
