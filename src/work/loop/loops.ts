import { type Clock, type Log, timeLimit } from "#core";
import type { LoopSettings } from "../settings.ts";
import type { Unit } from "../unit/unit.ts";
import { type UnitCause, UnitState, type UnitStatus } from "../wire.ts";
import type { WorkTypes } from "../work-types.ts";
import { Bell } from "./bell.ts";
import { type HeldTask, type LoopTask, taskOf } from "./held-task.ts";
import { HeldTasks } from "./held-tasks.ts";
import { stoppedEnding, unservedEnding } from "./loop-ending.ts";
import { LoopOutput } from "./loop-output.ts";
import { TaskDesk } from "./task-desk.ts";
import { saved } from "./task-endings.ts";
import { TaskList } from "./task-list.ts";

/** Whoever waits for an ending looks again so often. */
const lookAgainMs = 1_000;

/** A helper, as far as tasks are concerned. */
export interface LoopHelper {
  /** It holds its tasks under this id, also over another connection. */
  readonly id: string;
  /** Work types it may take. */
  readonly workTypes: readonly string[];
  /** It came from elsewhere: only types that allow this are for it. */
  readonly isRemote: boolean;
}

/** What a helper that asked for work is told. */
export type NextTask =
  | { readonly kind: "task"; readonly task: LoopTask }
  | { readonly kind: "nothing" }
  | { readonly kind: "shutdown"; readonly reason: string };

/** What is needed of the node's units. */
export interface LoopsOptions {
  readonly types: WorkTypes;
  readonly find: (id: string) => Unit | undefined;
  /** Writes the ending of a unit that no helper has; see `Runs.end`. */
  readonly end: (unit: Unit, ending: Pick<UnitStatus, "State" | "Detail"> & { Cause: UnitCause }) => Promise<void>;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Units whose work run loops fetch: the list they wait on, and who has which of them (spec CAT §8).
 *
 * A task is a helper's by a lease with a fence, which is on disk before the helper hears of it; so it is still its own when
 * the daemon has been killed and started again. What comes with another fence is refused and leaves no trace.
 */
export class Loops {
  /** What helpers say of the tasks they have. */
  readonly tasks: TaskDesk;
  readonly #options: LoopsOptions;
  readonly #list = new TaskList();
  readonly #bell = new Bell();
  readonly #held: HeldTasks;
  readonly #closing = new AbortController();
  /** Helpers that are to take no more, and why. */
  readonly #dismissed = new Map<string, string>();
  /** How many calls for a task of each helper wait here. */
  readonly #asking = new Map<string, number>();
  /** How many tasks each helper was given. */
  readonly #given = new Map<string, number>();
  #isHeld = true;
  #draining: string | undefined;

  constructor(options: LoopsOptions) {
    const { clock, log, find } = options;
    this.#options = options;
    const leases = this.types.map(({ leaseMs }) => leaseMs);
    this.#held = new HeldTasks({
      ...{ list: this.#list, bell: this.#bell, clock, log },
      isLeaving: (helper) => this.#leavingBecause(helper) !== undefined,
      shortestLeaseMs: leases.length === 0 ? undefined : Math.min(...leases),
    });
    this.tasks = new TaskDesk({
      ...{ held: this.#held, find, elapsed: () => clock.elapsed(), news: () => this.news },
      wait: (news, ms, signal) => this.#either(news, ms, signal),
    });
  }

  /** The work types of this kind. */
  get types(): LoopSettings[] {
    return this.#options.types.all().filter((type): type is LoopSettings => type.kind === "loop");
  }

  /** Resolves when something may have changed for whoever starts helpers. */
  get news(): Promise<void> {
    return this.#bell.heard;
  }

  /** Are units of this type to be given to {@link start}? */
  serves(workType: string): boolean {
    return this.#typeOf(workType) !== undefined;
  }

  /** Is this unit on the list, or with a helper? */
  owns({ status: { Loop } }: Unit): boolean {
    return Loop !== undefined;
  }

  /** Nothing is handed out while it is held; what was handed out goes on. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#bell.ring();
  }

  /** From now on nothing is handed out, and helpers are sent home. */
  drain(reason: string): void {
    this.#draining = reason;
    this.#bell.ring();
  }

  /** One helper is to end what it has and go. */
  dismiss(helper: string, reason: string): void {
    this.#dismissed.set(helper, reason);
    this.#bell.ring();
  }

  /** Tasks of a type that could be handed out now. */
  waitingOf(workType: string): number {
    return this.#isHeld || this.#draining !== undefined ? 0 : this.#list.waitingOf(workType);
  }

  /** Tasks that a helper has, how many it was given in all, and whether it asks for one now. */
  workOf(helper: string): { readonly has: number; readonly given: number; readonly isAsking: boolean } {
    const has = this.#list.leasesOf(helper).length;
    return { has, given: this.#given.get(helper) ?? 0, isAsking: (this.#asking.get(helper) ?? 0) > 0 };
  }

  /** Tasks that a helper has already, for one that comes back. */
  tasksOf(helper: string): LoopTask[] {
    return this.#held.by(helper).map(taskOf);
  }

  /** Put a unit whose payload is whole on the list. @throws system errors of the disk. */
  async start(unit: Unit): Promise<boolean> {
    const Detail = "Waiting for a helper";
    unit.set(await saved(unit, { ...unit.status, Detail, Queued: true, Loop: { Fence: 0 } }, false));
    if (unit.isFinal) return false;
    this.#list.wait(unit.id, unit.status.WorkType);
    this.#bell.ring();
    return false;
  }

  /** Find out what a unit is that an earlier daemon left unfinished. */
  async reconcile(unit: Unit): Promise<void> {
    const { WorkType, Loop = { Fence: 0 }, Attempt, Stopping } = unit.status;
    const type = this.#typeOf(WorkType);
    if (unit.isFinal) return;
    // A configuration that is being put right brings its types back, and with them, from disk, who had it: till then it
    // is nobody's, and no drain waits for it.
    if (!this.#options.types.find(WorkType)) {
      const Detail = `Waiting: work type ${WorkType} is not configured now`;
      return unit.set({ ...unit.status, State: UnitState.Pending, Loop: { Fence: Loop.Fence }, Detail });
    }
    if (!type) return await this.#options.end(unit, unservedEnding(WorkType, Loop.Helper));
    if (Loop.Helper === undefined) {
      if (Stopping) return await this.#options.end(unit, stoppedEnding(Stopping, "it was waiting"));
      unit.set({ ...unit.status, Loop });
      return this.#list.wait(unit.id, WorkType, Attempt !== undefined);
    }
    const { Result } = Loop;
    const task = this.#held.grant(unit, type, { helper: Loop.Helper, fence: Loop.Fence });
    if (Result) await task.inTurn(() => this.#held.endings.finish(task, Result));
    else if (Stopping) this.#held.cutLater(task);
  }

  /** The next task for a helper, as soon as there is one. @throws the reason of `signal`: then it has been given none. */
  async next(helper: LoopHelper, waitMs: number, signal: AbortSignal): Promise<NextTask> {
    this.#asking.set(helper.id, (this.#asking.get(helper.id) ?? 0) + 1);
    try {
      return await this.#next(helper, this.#options.clock.elapsed() + waitMs, signal);
    } finally {
      const left = (this.#asking.get(helper.id) ?? 1) - 1;
      if (left > 0) this.#asking.set(helper.id, left);
      else this.#asking.delete(helper.id);
    }
  }

  /** A helper uses more than it may: what it has is to end for this cause, which is on disk when this resolves. */
  async exceeded(helper: string, cause: UnitCause): Promise<void> {
    await Promise.all(this.#held.by(helper).map((task) => task.inTurn(() => this.#held.tell(task, cause))));
  }

  /** A helper is gone and with it all it was doing. @param how for people: `its helper died`. */
  async gone(helper: string, how: string): Promise<void> {
    this.#given.delete(helper);
    this.#dismissed.delete(helper);
    await Promise.all(this.#held.by(helper).map((task) => this.#held.lose(task, how)));
    this.#bell.ring();
  }

  /** End a unit, whatever it is doing; resolves when it is final. */
  async stop(unit: Unit, cause: UnitCause, signal: AbortSignal): Promise<void> {
    while (!unit.isFinal) {
      const task = this.#held.of(unit.id);
      const isNobodys = !task && !this.#list.isTaken(unit.id);
      if (this.#list.leave(unit.id) || isNobodys)
        return await this.#options.end(unit, { State: UnitState.Canceled, Detail: "Canceled", Cause: cause });
      const { revision } = unit;
      if (task) await task.inTurn(() => this.#held.tell(task, cause));
      const again = timeLimit(lookAgainMs);
      await unit.changedSince(revision, AbortSignal.any([signal, again])).catch(() => signal.throwIfAborted());
    }
  }

  /** The deadline of a drain has come: helpers are told to stop what they have. */
  interrupt(): Promise<void> {
    return this.#held.interrupt();
  }

  /** Stop watching; helpers go on. */
  close(): void {
    this.#closing.abort(new Error("the daemon is shutting down"));
    this.#bell.ring();
    this.#held.close();
  }

  async #next(helper: LoopHelper, until: number, signal: AbortSignal): Promise<NextTask> {
    for (;;) {
      signal.throwIfAborted();
      const { news } = this;
      const reason = this.#leavingBecause(helper.id);
      if (reason !== undefined) return { kind: "shutdown", reason };
      const task = await this.#handOut(helper);
      // Nobody will hear of it: it was not touched.
      if (task && signal.aborted) await task.inTurn(() => this.#held.endings.putBack(task, "its helper left", true));
      else if (task) return { kind: "task", task: taskOf(task) };
      const leftMs = until - this.#options.clock.elapsed();
      if (leftMs <= 0) return { kind: "nothing" };
      await this.#either(news, leftMs, signal);
    }
  }

  #leavingBecause(helper: string): string | undefined {
    return this.#dismissed.get(helper) ?? this.#draining;
  }

  async #handOut(helper: LoopHelper): Promise<HeldTask | undefined> {
    while (!this.#isHeld) {
      const id = this.#list.take(this.#limitsFor(helper));
      if (id === undefined) return undefined;
      const unit = this.#options.find(id);
      const type = unit && !unit.isFinal ? this.#typeOf(unit.status.WorkType) : undefined;
      const task = unit && type && (await this.#lease(unit, type, helper));
      if (task) return task;
      this.#list.untake(id);
    }
    return undefined;
  }

  #limitsFor({ workTypes, isRemote }: LoopHelper) {
    const types = this.types.filter((type) => workTypes.includes(type.workType) && (type.isRemote || !isRemote));
    return types.map(({ workType, maxUnits }) => ({ workType, maxUnits }));
  }

  /** On disk before anybody is told. @returns undefined when the unit was ended meanwhile. @throws system errors. */
  async #lease(unit: Unit, type: LoopSettings, { id: helper }: LoopHelper): Promise<HeldTask | undefined> {
    const { Queued, Loop, Attempt = 0, ...status } = unit.status;
    const fence = (Loop?.Fence ?? 0) + 1;
    // Before the new attempt is on record: it must not find output of another.
    new LoopOutput(unit.folder, type).discard();
    const next: UnitStatus = {
      ...status,
      State: UnitState.Running,
      Detail: `Running: helper ${helper}`,
      StartedAt: new Date(this.#options.clock.now()).toISOString(),
      Attempt: Attempt + 1,
      Loop: { Fence: fence, Helper: helper },
    };
    const now = await saved(unit, next, true).catch((error: unknown) => {
      this.#list.untake(unit.id);
      this.#list.wait(unit.id, type.workType, true);
      throw error;
    });
    const task = now.Loop?.Fence === fence ? this.#held.grant(unit, type, { helper, fence }) : undefined;
    if (task) this.#given.set(helper, (this.#given.get(helper) ?? 0) + 1);
    unit.set(now);
    this.#bell.ring();
    return task;
  }

  #typeOf(workType: string): LoopSettings | undefined {
    const type = this.#options.types.find(workType);
    return type?.kind === "loop" ? type : undefined;
  }

  /** Until there is news, the time is over, or nobody waits any more. */
  async #either(news: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const any = AbortSignal.any([signal, done.signal]);
    try {
      await Promise.race([news, this.#options.clock.sleep(ms, any).catch(() => undefined)]);
    } finally {
      done.abort();
    }
    signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
  }
}
