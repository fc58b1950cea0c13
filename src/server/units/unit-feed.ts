import { NumberedChanges } from "../numbered-changes.ts";
import type { Labels } from "../registry/labels.ts";
import type { UnitTable } from "../store/tables.ts";

/** Changes that are kept for those who read slowly or come back: each may have some thousand bytes. */
const keptChanges = 2_000;

/** A unit as it was after a change, and the worker by which it is decided who may see it. */
export interface UnitChange {
  readonly unit: UnitTable;
  readonly worker: { readonly id: string; readonly name: string; readonly labels: Labels };
}

/** The last changes of units in their order. Who has missed one looks at the list again. */
export class UnitFeed {
  readonly #kept: number;
  readonly #numbers = new NumberedChanges();
  #changes: UnitChange[] = [];

  constructor(kept = keptChanges) {
    this.#kept = kept;
  }

  /** Number of the newest change. */
  get last(): number {
    return this.#numbers.last;
  }

  add(changes: readonly UnitChange[]): void {
    if (changes.length === 0) return;
    this.#changes = [...this.#changes, ...changes].slice(-this.#kept);
    this.#numbers.add(changes.length);
  }

  positionOf(number: number): string {
    return this.#numbers.positionOf(number);
  }

  /** The number in a position, if all behind it is still kept. */
  numberOf(position: string): number | undefined {
    const number = this.#numbers.numberOf(position);
    return number !== undefined && number >= this.last - this.#changes.length ? number : undefined;
  }

  /** What came behind a number, at most `limit`; undefined when some of it is kept no longer. */
  after(number: number, limit: number): readonly UnitChange[] | undefined {
    const from = this.#changes.length - (this.last - number);
    return from < 0 ? undefined : this.#changes.slice(from, from + limit);
  }

  /** Resolves when there is something behind `number`, or `signal` fires. */
  async more(number: number, signal: AbortSignal): Promise<void> {
    await this.#numbers.until(() => this.last > number, signal);
  }
}
