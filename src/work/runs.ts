import { type Clock, type Log, errorText, timeLimit } from "#core";
import { WorkError } from "./errors.ts";
import { HelperPool } from "./helper/helper-pool.ts";
import { Places } from "./places.ts";
import { type LaunchedType, launchOf, mindingOf, unknownTypeMinding } from "./runner/runner.ts";
import type { WorkTypeSettings } from "./settings.ts";
import { moveFence, readRecord } from "./unit/process-record.ts";
import { updateStatus } from "./unit/status-file.ts";
import type { Unit } from "./unit/unit.ts";
import { isFinal, type UnitCause, UnitState, type UnitStatus } from "./wire.ts";
import type { WorkTypes } from "./work-types.ts";

/** Helpers are asked again this often to stop or to mind a unit: the one asked before may have been killed. */
const askAgainMs = 1_000;

export interface RunsOptions {
  readonly types: WorkTypes;
  readonly helpers: Omit<ConstructorParameters<typeof HelperPool>[0], "events">;
  readonly find: (id: string) => Unit | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

/** Starting and ending units: which may run now, which helper minds them, and what becomes of them when one dies. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #pool: HelperPool;
  readonly #places = new Places();
  /** Units that somebody waits to see ended. */
  readonly #stopping = new Set<Unit>();
  readonly #closing = new AbortController();
  /** What helpers said of units before their folders were read. */
  readonly #early = new Map<string, UnitStatus>();
  #isHeld = true;

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#pool = new HelperPool({
      ...options.helpers,
      events: {
        status: (id, status) => this.#changed(id, status),
        orphaned: (ids) => void this.#rescue(ids),
        refused: (id) => void this.#rescue([id]),
      },
    });
  }

  get helperPids(): number[] {
    return this.#pool.pids;
  }

  adoptHelpers(): Promise<void> {
    return this.#pool.adoptHelpers();
  }

  /** While it is held nothing is started; what waits keeps its turn, and what comes waits behind it. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) return;
    for (const unit of this.#places.allWaiting()) {
      const { workType, maxUnits } = this.#options.types.get(unit.status.WorkType);
      if (!this.#places.take(workType, unit.id, maxUnits)) continue;
      this.#places.leave(unit);
      this.#startQueued(unit);
    }
  }

  /** See {@link HelperPool.warmUp}. */
  warmUp(): void {
    this.#pool.warmUp();
  }

  close(): void {
    this.#closing.abort();
    this.#pool.close();
  }

  /**
   * Start a unit whose payload is whole, or let it wait for a place.
   *
   * @returns true once its command runs (or already ended), false when it waits.
   * @throws {WorkError} `START_FAILED` when nothing could be run; the unit's status says so too.
   */
  async start(unit: Unit, signal: AbortSignal): Promise<boolean> {
    const type = launched(this.#options.types.get(unit.status.WorkType));
    if (!this.#takePlace(unit, type)) {
      const Detail = this.#isHeld
        ? "Waiting: this worker starts nothing now"
        : `Waiting for a free place (${type.maxUnits} of this type may run at once)`;
      unit.set(
        await updateStatus(unit.folder, (now) => finalOf(now) ?? { ...now, ...unit.status, Detail, Queued: true }),
      );
      if (unit.isFinal) return false;
      this.#places.wait(unit);
      // A place that came free while the disk was written found nobody waiting.
      if (!this.#takePlace(unit, type)) return false;
      this.#places.leave(unit);
    }
    await this.#launch(unit, type);
    await unit.until(({ State }) => State !== UnitState.Pending, signal);
    const { Cause, Detail } = unit.status;
    if (Cause !== "START_FAILED" && Cause !== "STORAGE_FAILED") return true;
    // The reply has the reason alone, the status says also what it was a reason for (spec §1.9).
    throw new WorkError("START_FAILED", Detail.replace(/^Error starting worker: /, ""));
  }

  /** Whether the unit still waits for its payload: its start was not asked for, and no helper knows of it. */
  awaitsPayload({ id, status, folder }: Unit): boolean {
    if (status.State !== UnitState.Pending || status.Queued === true || this.#pool.minds(id)) return false;
    const record = readRecord(folder.process);
    return record !== undefined && record.fence > 0 && !record.launch && !record.end;
  }

  #takePlace(unit: Unit, { workType, maxUnits }: LaunchedType): boolean {
    return !this.#isHeld && this.#places.take(workType, unit.id, maxUnits);
  }

  /** End a unit, whatever it is doing; resolves when it is final. Ending a final unit does nothing. */
  async stop(unit: Unit, cause: UnitCause, signal: AbortSignal): Promise<void> {
    this.#places.leave(unit);
    this.#stopping.add(unit);
    try {
      await this.#untilStopped(unit, cause, signal);
    } finally {
      this.#stopping.delete(unit);
    }
  }

  async #untilStopped(unit: Unit, cause: UnitCause, signal: AbortSignal): Promise<void> {
    while (!unit.isFinal) {
      if (await this.#preventStart(unit)) {
        await this.end(unit, { State: UnitState.Canceled, Detail: "Canceled", Cause: cause });
        return;
      }
      const { revision } = unit;
      this.#pool.stop(unit.id, cause);
      const again = timeLimit(askAgainMs);
      await unit.changedSince(revision, AbortSignal.any([signal, again])).catch(() => signal.throwIfAborted());
    }
  }

  /** @returns true when nothing of the unit ran, and nothing will: no helper holds the fence any more. */
  async #preventStart(unit: Unit): Promise<boolean> {
    const record = readRecord(unit.folder.process);
    // Without a record no launcher starts anything; one that has started it has told its helper.
    if (!record) return unit.status.State === UnitState.Pending && !this.#pool.minds(unit.id);
    return !record.launch && !record.end && (await moveFence(unit.folder.process, record.fence, 0));
  }

  /**
   * Write an ending of a unit that no helper minds. Told only when it is on disk, or cannot be put there. A unit that is
   * final keeps the ending it has.
   */
  async end(unit: Unit, ending: Pick<UnitStatus, "State" | "Detail"> & { Cause: UnitCause }): Promise<void> {
    if (unit.isFinal) return;
    const FinishedAt = new Date(this.#options.clock.now()).toISOString();
    const { Stopping, Queued, ...status } = unit.status;
    this.#changed(unit.id, await this.#store(unit, { ...status, ...ending, FinishedAt }));
  }

  /** Put on disk the final status that was made of a damaged one, so that it does not depend on when it is read next. */
  async mend(unit: Unit): Promise<void> {
    await this.#store(unit, unit.status);
  }

  /** @returns what is on disk then: an ending that was there before stays. */
  async #store(unit: Unit, final: UnitStatus): Promise<UnitStatus> {
    try {
      return await updateStatus(unit.folder, (now) => finalOf(now) ?? final, { durable: true });
    } catch (error) {
      this.#options.log.error(`status of unit ${unit.id} cannot be written`, { error: errorText(error) });
      return final;
    }
  }

  /**
   * Find out what became of an unfinished unit while no daemon watched (design §4.1).
   *
   * A unit that a helper minds goes on; one whose command was launched is given to a helper, which finds its end; one that
   * waited for a place goes on waiting; one whose payload is brought again waits for that; anything else never ran.
   */
  async reconcile(unit: Unit): Promise<void> {
    const early = this.#early.get(unit.id);
    if (early) unit.set(early);
    if (unit.isFinal) return;
    const minded = this.#pool.minds(unit.id);
    const record = readRecord(unit.folder.process);
    if (minded || record?.launch || record?.end) this.#places.take(unit.status.WorkType, unit.id, undefined);
    if (minded) return;
    if (!record) return this.end(unit, noRecord);
    if (record.launch || record.end) return this.#adopt(unit);
    if (unit.status.State === UnitState.Running) return this.end(unit, damagedRecord);
    if (unit.status.Queued && this.#options.types.find(unit.status.WorkType)) {
      // Not waited for: the daemon is up before all that waits has found its place.
      this.#startQueued(unit);
    } else if (isDelivered(unit) && (await moveFence(unit.folder.process, record.fence, record.fence + 1))) {
      // Whoever gave the order, or watches the file, comes back with the payload and with the word to start.
      unit.set({ ...unit.status, Detail: "Waiting for Input Data" });
    } else if (await moveFence(unit.folder.process, record.fence, 0)) {
      await this.end(unit, { State: UnitState.Failed, Detail: "Pending at restart", Cause: "NOT_STARTED" });
    } else {
      await this.#adopt(unit);
    }
  }

  /** What was said before all folders were read is now in the units. */
  settled(): void {
    this.#early.clear();
  }

  async #launch(unit: Unit, type: LaunchedType): Promise<void> {
    const { Queued, ...status } = unit.status;
    unit.set({ ...status, Detail: "Starting Worker" });
    try {
      const { Params } = (status.ExtraData ?? {}) as { Params?: unknown };
      const launch = launchOf(type, typeof Params === "string" ? Params : "", unit.folder.dir);
      const fence = readRecord(unit.folder.process)?.fence ?? 0;
      await this.#pool.start(unit.id, fence, launch, mindingOf(type), unit.status);
    } catch (error) {
      // Our own leaving is no failure of the unit: on disk it waits, and the next daemon finds it so.
      if (this.#closing.signal.aborted) throw error;
      const Detail = `Error starting worker: ${errorText(error)}`;
      await this.end(unit, { State: UnitState.Failed, Detail, Cause: "START_FAILED" });
    }
  }

  #changed(id: string, status: UnitStatus): void {
    const unit = this.#options.find(id);
    if (!unit) return void this.#early.set(id, status);
    unit.set(status);
    if (unit.isFinal) this.#freePlace(unit);
  }

  #freePlace(unit: Unit): void {
    const { WorkType } = unit.status;
    if (this.#isHeld) return this.#places.giveBack(WorkType, unit.id);
    const next = this.#places.free(WorkType, unit.id);
    if (next) this.#startQueued(next);
  }

  #startQueued(unit: Unit): void {
    this.start(unit, timeLimit(60_000)).catch((error: unknown) => {
      this.#options.log.warn(`queued unit ${unit.id} did not start`, { error: errorText(error) });
    });
  }

  /** The helper of these units died: start again what it never launched, hand over the rest. */
  async #rescue(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const unit = this.#options.find(id);
      if (!unit) continue;
      await this.#rescueUnit(unit).catch((error: unknown) => this.#rescueLater(unit, error));
    }
  }

  async #rescueUnit(unit: Unit): Promise<void> {
    while (!unit.isFinal) {
      const record = readRecord(unit.folder.process);
      if (!record) return this.end(unit, noRecord);
      if (record.launch || record.end) return this.#adopt(unit);
      // Void: whoever stops the unit made it so and ends it; otherwise the record was damaged.
      if (record.fence === 0) return this.#stopping.has(unit) ? undefined : this.end(unit, damagedRecord);
      const next = record.fence + 1;
      if (await moveFence(unit.folder.process, record.fence, next)) return this.#startAgain(unit);
    }
  }

  /** No helper was to be had (no memory, no processes, a full disk). The command runs on; its unit is looked at again. */
  #rescueLater(unit: Unit, error: unknown): void {
    const { log, clock } = this.#options;
    log.error(`unit ${unit.id} has no helper for now`, { error: errorText(error) });
    clock.sleep(askAgainMs, this.#closing.signal).then(
      () => this.#rescue([unit.id]),
      () => undefined,
    );
  }

  async #startAgain(unit: Unit): Promise<void> {
    const type = this.#options.types.find(unit.status.WorkType);
    if (type) await this.#launch(unit, launched(type));
  }

  async #adopt(unit: Unit): Promise<void> {
    const type = this.#options.types.find(unit.status.WorkType);
    const minding = type && type.kind !== "loop" ? mindingOf(type) : unknownTypeMinding;
    await this.#pool.adopt(unit.id, minding, unit.status).catch((error: unknown) => this.#rescueLater(unit, error));
  }
}

/** @throws {WorkError} `START_FAILED` for a type that run loops serve, which only a changed configuration can bring here. */
function launched(type: WorkTypeSettings): LaunchedType {
  if (type.kind !== "loop") return type;
  throw new WorkError("START_FAILED", `work type ${type.workType} is served by run loops now; submit it again`);
}

/** Does somebody bring its payload again after a restart? */
function isDelivered({ status }: Unit): boolean {
  return status.Order !== undefined || status.Watch !== undefined;
}

function finalOf(status: UnitStatus | undefined): UnitStatus | undefined {
  return status && isFinal(status.State) ? status : undefined;
}

/** A folder that Receptor made, or that lost its record. */
const noRecord = {
  State: UnitState.Failed,
  Detail: "Failed to restart: the unit has no process record, so its exit is unknown",
  Cause: "EXIT_UNKNOWN",
} as const;

/** The record says that nothing may be started. Whether something was, before it was damaged, nobody knows. */
const damagedRecord = {
  State: UnitState.Failed,
  Detail: "the unit's process record is damaged, so its exit is unknown",
  Cause: "EXIT_UNKNOWN",
} as const;
