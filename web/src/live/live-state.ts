import type { Beat, IndexedUnit, LiveMessage, WorkerView } from "#server/wire";
import { WatchedChannels } from "./watched-channels.ts";

/** Changes of units that are kept to be shown in lists; what is older was read with them. */
const keptUnits = 1_000;

/** What has been told, as it changes: kept in place, for there may be ten thousand workers. */
export class LiveState {
  /** Where to go on after a cut; undefined: from the beginning. */
  position: string | undefined;
  /** How far the server's clock is ahead of ours, milliseconds. */
  aheadMs = 0;
  /** All workers were told at least once. */
  isListed = false;
  workers: ReadonlyMap<string, WorkerView> = new Map();
  /** Grows when a worker changes; heartbeats change none. */
  version = 0;
  readonly beats = new Map<string, Beat>();
  /** The same for changes of units. */
  unitsPosition: string | undefined;
  /** The last changes of units by worker and id, the newest last. */
  units: ReadonlyMap<string, IndexedUnit> = new Map();
  /** Grows when changes of units may have been missed: lists of them are read again. */
  unitsEpoch = 0;
  readonly channels = new WatchedChannels();
  readonly #now: () => number;
  /** While all are told, what is shown stays as it was. */
  #listing: Map<string, WorkerView> | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  take(message: LiveMessage): void {
    if ("problem" in message) return;
    if ("kind" in message) return this.#takeKind(message);
    this.position = message.position;
    if ("reset" in message) this.#listing = new Map();
    else this.#listed();
  }

  #takeKind(message: Extract<LiveMessage, { readonly kind: string }>): void {
    switch (message.kind) {
      case "workers":
        this.position = message.position;
        for (const worker of message.workers) this.#put(worker);
        return undefined;
      case "worker":
        this.position = message.position;
        return this.#put(message.worker);
      case "health":
        return this.#takeBeats(message);
      case "units":
        this.unitsPosition = message.unitsPosition;
        if (message.reset) this.#forgetUnits();
        return undefined;
      case "unit":
        this.unitsPosition = message.unitsPosition;
        return this.#putUnit(message.unit);
      case "clock":
        this.aheadMs = message.now - this.#now();
        return undefined;
      case "changed":
      case "told":
      case "refused":
        return this.channels.take(message);
      default:
        // A topic of a later server.
        return undefined;
    }
  }

  /** The line is gone. A list that was not told to its end is asked for again. */
  cut(): void {
    if (this.#listing) this.position = undefined;
    this.#listing = undefined;
  }

  #listed(): void {
    if (this.#listing) this.workers = this.#listing;
    this.#listing = undefined;
    this.isListed = true;
    this.version++;
    for (const id of this.beats.keys()) if (!this.workers.has(id)) this.beats.delete(id);
  }

  #put(worker: WorkerView): void {
    const known = this.#listing ?? (this.workers as Map<string, WorkerView>);
    if (worker.state === "removed") known.delete(worker.id);
    else known.set(worker.id, worker);
    if (!this.#listing) this.version++;
  }

  #takeBeats({ now, beats }: { readonly now: number; readonly beats: readonly Beat[] }): void {
    this.aheadMs = now - this.#now();
    for (const beat of beats) this.beats.set(beat.worker, beat);
  }

  #forgetUnits(): void {
    this.units = new Map();
    this.unitsEpoch++;
  }

  #putUnit(unit: IndexedUnit): void {
    const units = new Map(this.units);
    const key = unitKey(unit);
    units.delete(key);
    units.set(key, unit);
    for (const oldest of units.keys()) {
      if (units.size <= keptUnits) break;
      units.delete(oldest);
    }
    this.units = units;
  }
}

/** Units are known by their worker and their id. */
export const unitKey = ({ worker, id }: Pick<IndexedUnit, "worker" | "id">): string => `${worker.id} ${id}`;
