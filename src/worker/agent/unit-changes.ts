/** Units that are gone of which the server may still have to be told; of more only a comparison can tell. */
const keptGone = 10_000;

/** What is to be told next: ids, each with the number of its last change. */
export interface ChangeBatch {
  readonly changes: readonly (readonly [id: string, sequence: number])[];
  /** With these all changes up to this number have been told. */
  readonly sequence: number;
  /** With these a comparison is whole. */
  readonly isWhole: boolean;
}

/**
 * The changes of a worker's units, numbered, and which of them the server has not heard of. Pure.
 *
 * Only the last change of a unit counts: between two tellings any number of changes of one unit are one.
 */
export class UnitChanges {
  readonly #isThere: (id: string) => boolean;
  /** Each unit's last change; of those that are gone the newest {@link keptGone}, in the order they went. */
  readonly #there = new Map<string, number>();
  readonly #gone = new Map<string, number>();
  /** In the order they are to be told, which is not always that of their numbers. */
  readonly #untold = new Map<string, number>();
  #last = 0;
  /** Of changes up to this number some are forgotten. */
  #forgotten = 0;
  /** Of a comparison: how many are to be told until it is whole. */
  #comparing = 0;

  /** @param isThere whether a unit has not gone. */
  constructor(isThere: (id: string) => boolean, ids: Iterable<string> = []) {
    this.#isThere = isThere;
    for (const id of ids) this.changed(id);
  }

  /** Number of the newest change. */
  get last(): number {
    return this.#last;
  }

  get hasUntold(): boolean {
    return this.#untold.size > 0;
  }

  get hasUnits(): boolean {
    return this.#there.size > 0;
  }

  /** A unit is new, another one than before, or gone. */
  changed(id: string): void {
    const sequence = ++this.#last;
    this.#untold.set(id, sequence);
    if (this.#isThere(id)) {
      this.#gone.delete(id);
      this.#there.set(id, sequence);
      return;
    }
    this.#there.delete(id);
    this.#gone.delete(id);
    this.#gone.set(id, sequence);
    if (this.#gone.size > keptGone) this.#forgetOldest();
  }

  /** Whether everything behind this number can still be told one by one. */
  reaches(sequence: number): boolean {
    return sequence >= this.#forgotten && sequence <= this.#last;
  }

  /** The server has all up to this number: the rest is to be told. */
  goOnBehind(sequence: number): void {
    this.#comparing = 0;
    const behind = [...this.#there, ...this.#gone].filter(([, own]) => own > sequence);
    this.#tell(behind.sort(([, a], [, b]) => a - b));
  }

  /** Everything there is is to be told; what is gone is known by not being told of. */
  compare(): void {
    this.#gone.clear();
    this.#forgotten = 0;
    this.#tell([...this.#there]);
    this.#comparing = this.#there.size;
  }

  /** The next ones, at most so many. */
  next(most: number): ChangeBatch {
    const changes: (readonly [string, number])[] = [];
    let lowest = this.#last + 1;
    for (const [id, sequence] of this.#untold) {
      if (changes.length < most) changes.push([id, sequence]);
      else lowest = Math.min(lowest, sequence);
    }
    return { changes, sequence: lowest - 1, isWhole: changes.length >= this.#comparing };
  }

  /** The server has these. What has changed since then is still to be told, behind all others. */
  told({ changes }: ChangeBatch): void {
    this.#comparing = Math.max(0, this.#comparing - changes.length);
    for (const [id, sequence] of changes) {
      const now = this.#untold.get(id);
      this.#untold.delete(id);
      if (now !== undefined && now !== sequence) this.#untold.set(id, now);
    }
  }

  #tell(changes: readonly (readonly [string, number])[]): void {
    this.#untold.clear();
    for (const [id, sequence] of changes) this.#untold.set(id, sequence);
  }

  #forgetOldest(): void {
    const [oldest] = this.#gone;
    if (!oldest) return;
    const [id, sequence] = oldest;
    this.#gone.delete(id);
    this.#untold.delete(id);
    this.#forgotten = Math.max(this.#forgotten, sequence);
  }
}
