import type { Clock } from "#core";
import type { UnitNews, UnitsChanged, UnitsKnown } from "#fleet";
import { ServerError } from "../errors.ts";
import { parseLabels } from "../registry/labels.ts";
import type { Store } from "../store/store.ts";
import type { UnitTable, WorkerTable } from "../store/tables.ts";
import {
  dropUnitsBefore,
  knownUnits,
  releaseUnits,
  releaseUnitsOutside,
  storeUnitPosition,
  storeUnits,
  trimUnits,
  unitPosition,
} from "../store/units.ts";
import { type Database, findWorker } from "../store/workers.ts";
import { UnitFeed } from "./unit-feed.ts";
import { differs, unitRow } from "./unit-row.ts";

/** Units that workers have no more stay in the lists for so long, milliseconds. */
export const unitsKeptMs = 30 * 24 * 3_600_000;
/** Units that are kept of one worker; looked at after so many new ones. */
const maxUnits = 50_000;
const lookedAtEvery = 2_000;

export interface UnitIndexOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  /** By which it is decided what was kept for long enough; default: the clock. */
  readonly ages?: Pick<Clock, "now">;
  /** Default {@link unitsKeptMs}. */
  readonly keptMs?: number | undefined;
  readonly maxUnitsPerWorker?: number;
}

/**
 * The server's index of the units of all workers (decision 17): a mirror of what they tell, in the order they tell it. Each
 * batch is stored whole or not at all, together with how far the worker has got, so that after a cut or a restart of either
 * side nothing is lost and nothing counts twice.
 *
 * Whose units they are is never for the worker to say: the line it speaks on knows.
 */
export class UnitIndex {
  /** Changes as they come. */
  readonly feed = new UnitFeed();
  readonly #options: UnitIndexOptions;
  /** Workers that have told everything since they registered with this run of the server. */
  readonly #inStep = new Set<string>();
  /** New units of each worker since they were counted. */
  readonly #added = new Map<string, number>();

  constructor(options: UnitIndexOptions) {
    this.#options = options;
  }

  /** Whether everything is known of a worker as long as it is connected. */
  isInStep(workerId: string): boolean {
    return this.#inStep.has(workerId);
  }

  /** Up to where the units of a worker are known. */
  async known(workerId: string): Promise<UnitsKnown> {
    this.#inStep.delete(workerId);
    const position = await unitPosition(this.#options.store.db, workerId);
    return position ? { epoch: position.epoch, sequence: position.sequence } : { epoch: null, sequence: 0 };
  }

  /** Take what a worker tells. @throws {ServerError} UNITS_OUT_OF_STEP: it is to ask how far it is known. */
  async take(workerId: string, told: UnitsChanged): Promise<void> {
    const { store } = this.#options;
    const stored = await store.db.transaction().execute(async (db) => {
      await requireStep(db, workerId, told);
      const stored = await this.#store(db, workerId, told);
      // Before its end a comparison that breaks off has changed nothing of what is known.
      if (!told.compare || told.whole)
        await storeUnitPosition(db, { worker_id: workerId, epoch: told.epoch, sequence: told.sequence });
      return stored;
    });
    if (!told.compare || told.whole) this.#inStep.add(workerId);
    this.#tell(stored.worker, stored.changed);
    await this.#keepFew(workerId, stored.added);
  }

  /** Units that the server minds itself for a worker of another system, as they are now. */
  async put(workerId: string, units: readonly UnitNews[]): Promise<void> {
    const { store } = this.#options;
    const told = { epoch: ownEpoch, changed: units, released: [], whole: false };
    const { worker, changed } = await store.db.transaction().execute((db) => this.#store(db, workerId, told));
    this.#inStep.add(workerId);
    this.#tell(worker, changed);
  }

  /** They are no more. */
  async release(workerId: string, units: readonly string[]): Promise<void> {
    const { store } = this.#options;
    const told = { epoch: ownEpoch, changed: [], released: units, whole: false };
    const { worker, changed } = await store.db.transaction().execute((db) => this.#store(db, workerId, told));
    this.#tell(worker, changed);
  }

  /** The worker was removed; its rows go with the next {@link sweep}. */
  forget(workerId: string): void {
    this.#inStep.delete(workerId);
    this.#added.delete(workerId);
  }

  /** Forget what was kept for long enough. */
  async sweep(): Promise<void> {
    const { store, clock, ages = clock, keptMs = unitsKeptMs } = this.#options;
    await dropUnitsBefore(store.db, ages.now() - keptMs);
  }

  async #store(
    db: Database,
    workerId: string,
    { epoch, whole, changed, released }: Pick<UnitsChanged, "epoch" | "whole"> & UnitLists,
  ) {
    const at = this.#options.clock.now();
    const worker = await findWorker(db, workerId);
    if (!worker || worker.state === "removed") throw new ServerError("WORKER_NOT_FOUND", "the worker was removed");
    const rows = new Map(changed.map((news) => [news.id, unitRow(news, { workerId, epoch, at })]));
    const before = new Map((await knownUnits(db, workerId, [...rows.keys()])).map((row) => [row.unit, row]));
    await storeUnits(db, [...rows.values()]);
    const gone = await releaseUnits(db, workerId, released, at);
    const missing = whole ? await releaseUnitsOutside(db, workerId, epoch, at) : [];
    const different = [...rows.values()].filter((row) => differs(before.get(row.unit), row));
    return { worker, changed: [...different, ...gone, ...missing], added: rows.size - before.size };
  }

  #tell({ id, name, labels: text }: WorkerTable, units: readonly UnitTable[]): void {
    const worker = { id, name, labels: parseLabels(text) };
    this.feed.add(units.map((unit) => ({ unit, worker })));
  }

  /** A worker that makes no end of new units costs the others nothing. */
  async #keepFew(workerId: string, added: number): Promise<void> {
    const { store, maxUnitsPerWorker = maxUnits } = this.#options;
    const sinceThen = (this.#added.get(workerId) ?? 0) + added;
    this.#added.set(workerId, sinceThen);
    if (sinceThen < Math.min(lookedAtEvery, maxUnitsPerWorker)) return;
    this.#added.delete(workerId);
    await trimUnits(store.db, workerId, maxUnitsPerWorker);
  }
}

interface UnitLists {
  readonly changed: readonly UnitNews[];
  readonly released: readonly string[];
}

/** Of units that the server minds itself. */
const ownEpoch = "server";

/** @throws {ServerError} UNITS_OUT_OF_STEP. */
async function requireStep(db: Database, workerId: string, { epoch, compare, sequence }: UnitsChanged): Promise<void> {
  if (compare) return;
  const position = await unitPosition(db, workerId);
  if (position?.epoch === epoch && sequence >= position.sequence) return;
  throw new ServerError("UNITS_OUT_OF_STEP", "these changes do not follow what is known: ask for that first");
}
