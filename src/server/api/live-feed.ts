import { randomBytes } from "node:crypto";
import { errorText, type Log, silentLog } from "#core";
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
  /** Positions of an earlier start mean nothing in this one. */
  readonly #start = randomBytes(6).toString("hex");
  readonly #changes: LiveChange[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #removed = new Set<(workerId: string) => void>();
  #last = 0;
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
    return `${this.#start}-${this.#last}`;
  }

  positionOf(number: number): string {
    return `${this.#start}-${number}`;
  }

  /** The number in a position, if all behind it is still kept. */
  numberOf(position: string): number | undefined {
    const [start, digits = ""] = position.split("-");
    const number = Number(digits);
    const oldest = this.#changes[0]?.number ?? this.#last + 1;
    const isKept = /^\d{1,15}$/.test(digits) && number >= oldest - 1 && number <= this.#last;
    return start === this.#start && isKept ? number : undefined;
  }

  /** What came after, at most `limit`; undefined when some of it is kept no longer. */
  after(number: number, limit: number): LiveChange[] | undefined {
    const oldest = this.#changes[0]?.number ?? this.#last + 1;
    if (number < oldest - 1) return undefined;
    const from = number - oldest + 1;
    return this.#changes.slice(from, from + limit);
  }

  /** Resolves when there is something behind `number`, or `signal` fires. */
  async more(number: number, signal: AbortSignal): Promise<void> {
    if (this.#last > number || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#watchers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#watchers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  async #add({ workerId, ...change }: PresenceChange): Promise<void> {
    try {
      const row = await findWorker(this.#store.db, workerId);
      if (!row) return;
      // Its name is free for others once it is removed, and stands in the row with the id behind it.
      const worker = workerOf({ ...row, name: row.name.split("~")[0] ?? row.name });
      this.#changes.push({ number: ++this.#last, worker: { ...worker, ...change } });
      if (this.#changes.length > this.#kept) this.#changes.splice(0, this.#changes.length - this.#kept);
    } catch (error) {
      this.#log.warn("a change of a worker could not be read: all who follow begin again", {
        workerId,
        error: errorText(error),
      });
      // From no position before this one is all that came after still kept.
      this.#changes.length = 0;
      this.#last++;
    }
    for (const wake of [...this.#watchers]) wake();
  }
}
