import { type FileVersion, isSameFile } from "./file-version.ts";

/** A file that has no unit yet. */
export interface Candidate {
  readonly file: string;
  readonly version: FileVersion;
}

interface Seen {
  readonly version: FileVersion;
  /** When it was first seen as it is, by a clock that nobody sets. */
  readonly since: number;
  /** Number of the look that has shown it last. */
  readonly number: number;
}

/** Files that may still be on their way, or that wait for their turn. Pure: time is given. */
export class Candidates {
  readonly #settleMs: number;
  readonly #seen = new Map<string, Seen>();

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  get size(): number {
    return this.#seen.size;
  }

  has(file: string): boolean {
    return this.#seen.has(file);
  }

  /** A look has shown a file. One that has changed has only just come. */
  see(file: string, version: FileVersion, { now, number }: { now: number; number: number }): void {
    const before = this.#seen.get(file);
    const since = before && isSameFile(before.version, version) ? before.since : now;
    this.#seen.set(file, { version, since, number });
  }

  drop(file: string): void {
    this.#seen.delete(file);
  }

  /** Forget what a whole look has not shown. */
  dropUnseen(number: number, isUnknown: (file: string) => boolean): void {
    for (const [file, seen] of this.#seen) if (seen.number !== number && !isUnknown(file)) this.#seen.delete(file);
  }

  /**
   * Files that have stood still long enough as far as looks have shown, the first seen first. Whoever takes one looks at it
   * again.
   */
  *settled(now: number): Generator<Candidate> {
    for (const [file, { version, since }] of this.#seen) if (now - since >= this.#settleMs) yield { file, version };
  }

  /** In how many milliseconds the next file could have settled; undefined: none is on its way. */
  nextInMs(now: number): number | undefined {
    let next: number | undefined;
    for (const { since } of this.#seen.values()) {
      const left = since + this.#settleMs - now;
      if (left > 0 && (next === undefined || left < next)) next = left;
    }
    return next;
  }
}
