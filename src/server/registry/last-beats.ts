import type { HealthSample } from "./health-points.ts";

/** A worker's last heartbeat: when it came, milliseconds since 1970, and its numbers. */
export interface LastBeat {
  readonly workerId: string;
  readonly at: number;
  readonly sample: HealthSample;
}

/** The last heartbeat of each worker, in the order in which they came, for whoever watches them. In memory only. */
export class LastBeats {
  readonly #beats = new Map<string, LastBeat & { readonly number: number }>();
  #last = 0;

  note(workerId: string, at: number, sample: HealthSample): void {
    // To the end: who is looked for stands behind whom one has seen.
    this.#beats.delete(workerId);
    this.#beats.set(workerId, { number: ++this.#last, workerId, at, sample });
  }

  /** It was removed. */
  forget(workerId: string): void {
    this.#beats.delete(workerId);
  }

  /** Number of the newest, to ask from later. */
  get newest(): number {
    return this.#last;
  }

  /** The last of each worker that came after `number`. */
  after(number: number): LastBeat[] {
    if (number >= this.#last) return [];
    return [...this.#beats.values()].filter((beat) => beat.number > number);
  }
}
