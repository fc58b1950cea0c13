import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { type Clock, errorText, type FileLock, type Log, systemClock, timeLimit } from "#core";
import { WorkError } from "./errors.ts";
import { endLeftovers } from "./leftovers.ts";
import { Loops } from "./loop/loops.ts";
import { awaitsInput, firstStatus, type NewUnit, requestedStatus, type WatchedUnit } from "./new-unit.ts";
import { receivePayload, redeliverPayload } from "./payload-intake.ts";
import type { NewRemoteUnit } from "./remote/new-remote-unit.ts";
import { orderRecord, type OrderRequest } from "./remote/order-wire.ts";
import { Orders } from "./remote/orders.ts";
import { isRemote, RemoteUnits } from "./remote/remote-units.ts";
import type { Ended } from "./remote/twin-ending.ts";
import { Retiring } from "./retiring.ts";
import { Runs } from "./runs.ts";
import { followOutput } from "./unit/follow.ts";
import type { Unit } from "./unit/unit.ts";
import { type LoadedUnit, UnitStore, type UnitWatcher } from "./unit-store.ts";
import type { UnitsOptions } from "./units-options.ts";
import { stateName, type UnitReport, UnitState } from "./wire.ts";
import { WorkTypes } from "./work-types.ts";

/** A forced release waits this long for processes that will not die. */
const forceMs = 30_000;

/** All units of one node. */
export class Units {
  readonly workTypes: WorkTypes;
  /** What other Farhand nodes give to this one. */
  readonly orders: Orders;
  /** Units whose work run loops fetch. */
  readonly loops: Loops;
  readonly #store: UnitStore;
  readonly #runs: Runs;
  readonly #remotes: RemoteUnits;
  readonly #lock: FileLock;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #retiring: Retiring;
  readonly #closing = new AbortController();
  readonly #startsHeld: boolean;

  /** Use {@link openUnits}. */
  constructor(options: UnitsOptions, lock: FileLock, privateDir: string) {
    this.workTypes = new WorkTypes(options.workTypes);
    this.#lock = lock;
    // Every unit that is being started or followed listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    const unitsDir = join(options.dataDir, options.nodeId);
    this.#store = new UnitStore(unitsDir, privateDir, this.#log, this.#clock);
    this.#runs = new Runs({
      types: this.workTypes,
      helpers: {
        dir: join(privateDir, "helpers"),
        unitsDir,
        version: options.version,
        maxHelpers: options.maxHelpers ?? 4,
        unitsPerHelper: options.unitsPerHelper ?? 500,
        log: options.log,
      },
      find: (id) => this.#store.find(id),
      log: options.log,
      clock: this.#clock,
    });
    this.loops = new Loops({
      types: this.workTypes,
      find: (id) => this.#store.find(id),
      end: (unit, ending) => this.#runs.end(unit, ending),
      log: options.log,
      clock: this.#clock,
    });
    this.#startsHeld = options.isHeld === true;
    if (!this.#startsHeld) this.hold(false);
    this.#remotes = new RemoteUnits(options.remote, {
      clock: this.#clock,
      log: options.log,
      remove: (unit, force) => this.#store.remove(unit, force),
    });
    this.#retiring = new Retiring({
      retention: options.retention ?? {},
      units: () => this.#store.all(),
      isBusy: (unit) => (isRemote(unit) ? this.#remotes.isReleasing(unit) : this.orders.isDelivering(unit.id)),
      forget: (unit, Detail) => this.#runs.end(unit, { State: UnitState.Failed, Detail, Cause: "INPUT_FAILED" }),
      release: (id) => this.release(id, { force: false, signal: this.#closing.signal }),
      log: options.log,
      clock: this.#clock,
    });
    this.orders = new Orders({
      find: (id) => this.#store.find(id) ?? this.#findOnDisk(id),
      allocate: (order) => this.#allocateOrdered(order),
      start: (unit) => this.start(unit),
      release: async (unit) => void (await this.release(unit.id, { force: false, signal: this.#closing.signal })),
    });
  }

  /** Read every unit on disk and find out what became of the unfinished ones. */
  async load(): Promise<void> {
    await this.#runs.adoptHelpers();
    const loaded = this.#store.loadAll();
    // Units that run have their places before those that wait for one get any.
    loaded.sort((a, b) => Number(a.unit.status.Queued ?? false) - Number(b.unit.status.Queued ?? false));
    await Promise.all(loaded.map((one) => this.#reconcile(one)));
    this.#runs.settled();
    this.#retiring.start();
    // Held: somebody is to see first how each unit ended, who may have been away when it did.
    if (!this.#startsHeld) this.#retiring.look();
  }

  /** While units are held, none that waits is started and no run loop gets one; what runs goes on. */
  hold(isHeld: boolean): void {
    this.#runs.hold(isHeld);
    this.loops.hold(isHeld);
  }

  /** Units of this node that run now. */
  running(): number {
    return this.#store.all().filter((unit) => !isRemote(unit) && unit.status.State === UnitState.Running).length;
  }

  /** End what runs here, because the worker is to stop: run loops' tasks go back on the list where their types allow it. */
  async interrupt(): Promise<void> {
    const { signal } = this.#closing;
    const running = this.#store.all().filter((unit) => !isRemote(unit) && unit.status.State === UnitState.Running);
    const [loops, own] = [
      running.filter((unit) => this.loops.owns(unit)),
      running.filter((unit) => !this.loops.owns(unit)),
    ];
    await this.loops.interrupt();
    await Promise.all([
      ...own.map((unit) => this.#runs.stop(unit, "INTERRUPTED", signal)),
      ...loops.map((unit) => unit.until(({ State }) => State !== UnitState.Running, signal)),
    ]);
  }

  /** Have a helper ready before the first unit comes; to be called when nothing more urgent is left to do. */
  warmUp(): void {
    this.#retiring.look();
    if (this.workTypes.list().length > 0) this.#runs.warmUp();
  }

  /** Processes that mind units now, for status pages and memory figures. */
  get helperPids(): number[] {
    return this.#runs.helperPids;
  }

  /** See {@link UnitStore.watch}. It must return at once. */
  watch(watcher: UnitWatcher): () => void {
    return this.#store.watch(watcher);
  }

  /** Units by state name, for metrics. */
  countByState(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const unit of this.#store.all()) {
      const name = stateName(unit.status.State);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  /**
   * Make a unit that waits for its payload.
   *
   * @throws {WorkError} `WORK_TYPE_UNKNOWN`, `PARAMS_REFUSED`, `STORAGE_FAILED`; no unit remains then.
   */
  allocate({ wantedId, ...wish }: NewUnit): Unit {
    return this.#store.create(requestedStatus(this.workTypes, this.#clock, wish), wantedId);
  }

  /**
   * The same under this very id: whoever chose it may ask again when no answer came.
   *
   * @throws {WorkError} also `UNIT_ID_TAKEN`.
   */
  allocateAs(unitId: string, wish: Omit<NewUnit, "wantedId">): Unit {
    return this.#store.createAs(unitId, requestedStatus(this.workTypes, this.#clock, wish));
  }

  /**
   * The same for a watched file. Whoever does that comes back after a restart: until {@link Units.start} it waits for them,
   * and {@link Units.deliver} gives it its payload as often as it takes.
   *
   * @throws {WorkError} also `UNIT_ID_TAKEN`.
   */
  allocateWatched(unitId: string, { watch, ...wish }: WatchedUnit): Unit {
    const status = firstStatus(this.workTypes, this.#clock, wish);
    return this.#store.createAs(unitId, { ...status, Detail: awaitsInput, Watch: watch });
  }

  /**
   * Make a unit whose work is for another node.
   *
   * @throws {WorkError} `REQUEST_INVALID`, `NODE_UNREACHABLE`, `STORAGE_FAILED`; no unit remains then.
   */
  allocateRemote(wanted: NewRemoteUnit): Unit {
    return this.#store.create(this.#remotes.firstStatus(wanted), undefined);
  }

  /** See {@link receivePayload}. */
  receive(unit: Unit, payload: AsyncIterable<Uint8Array>): Promise<void> {
    return receivePayload(unit, payload, (ending) => this.#runs.end(unit, ending));
  }

  /** Whether a unit still waits for its payload, so that {@link Units.deliver} disturbs nothing that runs. */
  awaitsPayload(unit: Unit): boolean {
    return !this.loops.owns(unit) && this.#runs.awaitsPayload(unit);
  }

  /** See {@link redeliverPayload}. */
  deliver(unit: Unit, payload: AsyncIterable<Uint8Array>): Promise<number> {
    return redeliverPayload(unit, payload);
  }

  /** End a unit that may not be started after all. */
  async refuse(unit: Unit, error: unknown): Promise<void> {
    const Detail = `Error starting worker: ${errorText(error)}`;
    await this.#runs.end(unit, { State: UnitState.Failed, Detail, Cause: "START_FAILED" });
  }

  /** See {@link Runs.start} and, for work on another node, {@link RemoteUnits.start}. */
  start(unit: Unit): Promise<boolean> {
    if (unit.isFinal) throw new WorkError("START_FAILED", `unit ${unit.id} was ended before it started`);
    if (isRemote(unit)) return this.#remotes.start(unit, this.#closing.signal);
    if (this.loops.serves(unit.status.WorkType)) return this.loops.start(unit);
    return this.#runs.start(unit, this.#closing.signal);
  }

  /** The unit of this id, or undefined. */
  find(id: string): Unit | undefined {
    return this.#store.find(id);
  }

  /** Units that watchers made, oldest first. */
  watched(): Unit[] {
    return this.#store.all().filter((unit) => unit.status.Watch !== undefined);
  }

  /** @throws {WorkError} `UNIT_NOT_FOUND` with the words peers look for (spec §1.10). */
  get(id: string): Unit {
    const unit = this.#store.find(id) ?? this.#findOnDisk(id);
    if (!unit) throw new WorkError("UNIT_NOT_FOUND", `unknown work unit ${id}`);
    return unit;
  }

  /** Every unit, or those that are wanted, oldest first. */
  list(isWanted: (unit: Unit) => boolean = () => true): Record<string, UnitReport> {
    return Object.fromEntries(
      this.#store
        .all()
        .filter(isWanted)
        .map((unit) => [unit.id, unit.report()]),
    );
  }

  /** See {@link followOutput}. */
  results(unit: Unit, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return followOutput(unit, from, AbortSignal.any([signal, this.#closing.signal]));
  }

  /**
   * Cancel a unit; resolves when nothing of it runs any more, or with `pending` when its node is out of reach. Cancelling a
   * final unit does nothing.
   */
  async cancel(id: string, signal: AbortSignal): Promise<Ended> {
    const unit = this.get(id);
    if (isRemote(unit)) return this.#remotes.cancel(unit, signal);
    await this.#stop(unit, signal);
    return "done";
  }

  /**
   * Cancel a unit, end what it left running, delete its folder and forget it. One whose node is out of reach is `pending`
   * until that node has released it too.
   *
   * @param force go on when its processes cannot be ended, its files cannot be deleted, or its node cannot be reached.
   * @throws {WorkError} `UNIT_NOT_FOUND`, `UNIT_STUCK`, `STORAGE_FAILED`, `REMOTE_REFUSED`.
   */
  async release(id: string, { force, signal }: { force: boolean; signal: AbortSignal }): Promise<Ended> {
    const unit = this.get(id);
    if (isRemote(unit)) return this.#remotes.release(unit, force, signal);
    if (force) await this.#stopWithin(unit, forceMs, signal);
    else await this.#stop(unit, signal);
    if (!(await endLeftovers(unit)) && !force) {
      throw new WorkError(
        "UNIT_STUCK",
        `processes of unit ${id} do not end; see them with ps, then release with force`,
      );
    }
    await this.#store.remove(unit, force);
    return "done";
  }

  #stop(unit: Unit, signal: AbortSignal): Promise<void> {
    return (this.loops.owns(unit) ? this.loops : this.#runs).stop(unit, "CANCELED", signal);
  }

  /** Somebody who forces a release does not want to hear of a process that waits for its disk for ever. */
  async #stopWithin(unit: Unit, ms: number, signal: AbortSignal): Promise<void> {
    const limit = timeLimit(ms);
    await this.#stop(unit, AbortSignal.any([signal, limit])).catch((error: unknown) => {
      signal.throwIfAborted();
      this.#log.warn(`unit ${unit.id} is released although it does not end`, { error: errorText(error) });
    });
  }

  /** Stop minding; commands and helpers go on. */
  close(): void {
    this.#closing.abort(new Error("the daemon is shutting down"));
    this.#retiring.close();
    this.#remotes.close();
    this.loops.close();
    this.#runs.close();
    this.#lock.close();
  }

  async #reconcile({ unit, corrupt }: LoadedUnit): Promise<void> {
    try {
      if (isRemote(unit)) return await this.#remotes.resume(unit);
      const isLoops = this.loops.owns(unit) || (unit.status.Queued && this.loops.serves(unit.status.WorkType));
      if (isLoops) return await this.loops.reconcile(unit);
      await this.#runs.reconcile(unit);
      if (corrupt && unit.isFinal) await this.#runs.mend(unit);
    } catch (error) {
      // One bad unit spoils nothing but itself.
      const Detail = `Failed to restart: ${errorText(error)}`;
      await this.#runs.end(unit, { State: UnitState.Failed, Detail, Cause: "STORAGE_FAILED" });
    }
  }

  #allocateOrdered(order: OrderRequest): Unit {
    const status = firstStatus(this.workTypes, this.#clock, order);
    return this.#store.createAs(order.unitId, { ...status, Detail: awaitsInput, Order: orderRecord(order) });
  }

  #findOnDisk(id: string): Unit | undefined {
    const loaded = this.#store.loadLate(id);
    if (loaded) void this.#reconcile(loaded);
    return loaded?.unit;
  }
}
