import { errorText, type Log, silentLog } from "#core";
import { NumberedChanges } from "../numbered-changes.ts";
import type { PresenceChange } from "../registry/presence.ts";
import { type Worker, workerOf } from "../registry/worker.ts";
import type { Store } from "../store/store.ts";
import { findWorker } from "../store/workers.ts";

/** Changes that are kept for those who come back. */
export const keptChanges = 10_000;

/** A change of one worker, as the worker was then. */
export interface LiveChange {
  readonly number: number;
  readonly worker: Worker;
}

/**
 * Changes of workers in their order, each with a position from which a client can go on. It is told of changes by
 * `Presence` (its `changed`), and tells whoever follows.
 */
export class LiveFeed {
  readonly #store: Store;
  readonly #log: Pick<Log, "warn">;
  readonly #kept: number;
  readonly #numbers = new NumberedChanges();
  readonly #changes: LiveChange[] = [];
  readonly #removed = new Set<(workerId: string) => void>();
  #reading: Promise<void> = Promise.resolve();

  constructor(store: Store, log: Pick<Log, "warn"> = silentLog, kept = keptChanges) {
    this.#store = store;
    this.#log = log;
    this.#kept = kept;
  }

  /** A worker's state has changed. Returns at once; what else is told of the worker is read first, in the same order. */
  readonly changed = (change: PresenceChange): void => {
    if (change.state === "removed") for (const listener of this.#removed) listener(change.workerId);
    this.#reading = this.#reading.then(() => this.#add(change));
  };

  /** Told at once of each worker that was removed. @returns to stop listening. */
  onRemoved(listener: (workerId: string) => void): () => void {
    this.#removed.add(listener);
    return () => void this.#removed.delete(listener);
  }

  /** Where the feed is now. */
  get position(): string {
    return this.positionOf(this.#numbers.last);
  }

  positionOf(number: number): string {
    return this.#numbers.positionOf(number);
  }

  /** The number in a position, if all behind it is still kept. */
  numberOf(position: string): number | undefined {
    const number = this.#numbers.numberOf(position);
    return number !== undefined && number >= this.#oldest - 1 ? number : undefined;
  }

  /** What came after, at most `limit`; undefined when some of it is kept no longer. */
  after(number: number, limit: number): LiveChange[] | undefined {
    const from = number - this.#oldest + 1;
    return from < 0 ? undefined : this.#changes.slice(from, from + limit);
  }

  /** Resolves when there is something behind `number`, or `signal` fires. */
  async more(number: number, signal: AbortSignal): Promise<void> {
    await this.#numbers.until(() => this.#numbers.last > number, signal);
  }

  /** Number of the oldest change that is kept; of the next one when none is. */
  get #oldest(): number {
    return this.#changes[0]?.number ?? this.#numbers.last + 1;
  }

  async #add({ workerId, ...change }: PresenceChange): Promise<void> {
    try {
      const row = await findWorker(this.#store.db, workerId);
      if (!row) return;
      // Its name is free for others once it is removed, and stands in the row with the id behind it.
      const worker = workerOf({ ...row, name: row.name.split("~")[0] ?? row.name });
      this.#changes.push({ number: this.#numbers.last + 1, worker: { ...worker, ...change } });
      if (this.#changes.length > this.#kept) this.#changes.splice(0, this.#changes.length - this.#kept);
    } catch (error) {
      this.#log.warn("a change of a worker could not be read: all who follow begin again", {
        workerId,
        error: errorText(error),
      });
      // From no position before this one is all that came after still kept.
      this.#changes.length = 0;
    }
    this.#numbers.add(1);
  }
}
