import { type Clock, errorText, type Log } from "#core";
import { WorkError } from "../errors.ts";
import { defaultGraceMs } from "../runner/runner.ts";
import type { LoopSettings } from "../settings.ts";
import { outputSize } from "../unit/output.ts";
import type { Unit } from "../unit/unit.ts";
import { type LoopResult, type UnitCause, UnitState, type UnitStatus } from "../wire.ts";
import type { WorkTypes } from "../work-types.ts";
import { AwakeTime } from "./awake-time.ts";
import { Bell } from "./bell.ts";
import { type Claim, HeldTask, type LoopTask, type Word } from "./held-task.ts";
import { stoppedEnding } from "./loop-ending.ts";
import { gap, LoopOutput } from "./loop-output.ts";
import { type PayloadPiece, readPiece } from "./payload-piece.ts";
import { saved, TaskEndings } from "./task-endings.ts";
import { type Lease, TaskList } from "./task-list.ts";
import { logLines } from "./task-log.ts";

/** All leases are looked at so often at the latest, and so often at the soonest. */
const latestTickMs = 1_000;
const soonestTickMs = 20;
/** Beyond the grace of its type, a helper that was told to stop its task has so long to say that it did. */
const lastWordMs = 10_000;
/** Whoever waits for an ending looks again so often. */
const lookAgainMs = 1_000;
/** Most characters of a helper's words in a unit's detail. */
const maxDetailChars = 500;

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

/** A claim, and what the helper does with the task already. */
export interface KnownClaim extends Claim {
  readonly known: Word;
}

/** What is to be done about a claim. */
export interface Told {
  readonly claim: KnownClaim;
  readonly word: Word | "lost";
}

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
  readonly #options: LoopsOptions;
  readonly #list = new TaskList();
  readonly #tasks = new Map<string, HeldTask>();
  readonly #bell = new Bell();
  readonly #awake: AwakeTime;
  readonly #tickMs: number;
  readonly #endings: TaskEndings;
  readonly #closing = new AbortController();
  /** Helpers that are to take no more, and why. */
  readonly #dismissed = new Map<string, string>();
  /** How many tasks each helper was given. */
  readonly #given = new Map<string, number>();
  #isHeld = true;
  #draining: string | undefined;

  constructor(options: LoopsOptions) {
    const { clock, log } = options;
    this.#options = options;
    const leases = this.types.map(({ leaseMs }) => leaseMs);
    this.#tickMs = Math.max(soonestTickMs, Math.min(latestTickMs, ...leases.map((ms) => ms / 20)));
    this.#awake = new AwakeTime(clock, 2 * this.#tickMs);
    this.#endings = new TaskEndings(clock, log, { over: (task, isBack) => this.#over(task, isBack) });
    if (leases.length > 0) void this.#watch();
  }

  /** The work types of this kind. */
  get types(): LoopSettings[] {
    return this.#options.types.all().filter((type): type is LoopSettings => type.kind === "loop");
  }

  /** Resolves when something may have changed for whoever starts helpers. */
  get news(): Promise<void> {
    return this.#bell.heard;
  }

  /** Tasks that helpers have now. */
  get held(): number {
    return this.#tasks.size;
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

  /** Tasks that a helper has, and how many it was given in all. */
  workOf(helper: string): { readonly has: number; readonly given: number } {
    return { has: this.#list.leasesOf(helper).length, given: this.#given.get(helper) ?? 0 };
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
    // A configuration that is being put right brings its types back.
    if (!this.#options.types.find(WorkType))
      return unit.set({ ...unit.status, Loop, Detail: `Waiting: work type ${WorkType} is not configured now` });
    if (!type) return await this.#options.end(unit, unserved(WorkType, Loop.Helper));
    if (Loop.Helper === undefined) {
      if (Stopping) return await this.#options.end(unit, stoppedEnding(Stopping, "it was waiting"));
      unit.set({ ...unit.status, Loop });
      this.#list.wait(unit.id, WorkType, Attempt !== undefined);
      return;
    }
    const { Result } = Loop;
    const task = this.#grant(unit, type, { helper: Loop.Helper, fence: Loop.Fence });
    if (Result) await task.inTurn(() => this.#endings.finish(task, Result));
    else if (Stopping) this.#cutLater(task);
  }

  /** The next task for a helper, as soon as there is one. @throws the reason of `signal`: then it has been given none. */
  async next(helper: LoopHelper, waitMs: number, signal: AbortSignal): Promise<NextTask> {
    const { clock } = this.#options;
    const until = clock.elapsed() + waitMs;
    for (;;) {
      signal.throwIfAborted();
      const news = this.#bell.heard;
      const reason = this.#dismissed.get(helper.id) ?? this.#draining;
      if (reason !== undefined) return { kind: "shutdown", reason };
      const task = await this.#handOut(helper);
      // Nobody will hear of it: it was not touched.
      if (task && signal.aborted) await task.inTurn(() => this.#endings.putBack(task, "its helper went away", true));
      else if (task) return { kind: "task", task: taskOf(task) };
      const leftMs = until - clock.elapsed();
      if (leftMs <= 0) return { kind: "nothing" };
      await this.#either(news, leftMs, signal);
    }
  }

  /** Tasks that a helper has already, for one that comes back. */
  tasksOf(helper: string): LoopTask[] {
    return this.#heldBy(helper).map(taskOf);
  }

  /** Bytes of a task's payload from `offset` on. @throws {WorkError} LEASE_LOST. */
  async payload(claim: Claim, offset: number, most: number): Promise<PayloadPiece> {
    return await readPiece(this.#claimed(claim).unit.folder.stdin, offset, most);
  }

  /** Output from byte `offset` on. @throws {WorkError} LEASE_LOST, OUTPUT_GAP, STORAGE_FAILED. */
  output(claim: Claim, offset: number, bytes: Uint8Array): Promise<{ readonly size: number; readonly word: Word }> {
    return this.#inTurn(claim, async (task) => {
      if (!(await task.output.write(offset, bytes))) await this.#tell(task, "OUTPUT_LIMIT");
      return { size: task.output.size, word: this.#wordOf(task) };
    });
  }

  /** How far a task is, for people. @throws {WorkError} LEASE_LOST. */
  progress(claim: Claim, text: string): Word {
    const task = this.#claimed(claim);
    const { unit } = task;
    const Detail = `Running: ${text.slice(0, maxDetailChars)}`;
    if (unit.status.Detail !== Detail) unit.set({ ...unit.status, Detail, StdoutSize: outputSize(unit.folder.stdout) });
    return this.#wordOf(task);
  }

  /** Lines a helper logs of its task. @throws {WorkError} LEASE_LOST. */
  log(claim: Claim, lines: readonly string[]): Word {
    const task = this.#claimed(claim);
    logLines(task.unit.folder.dir, lines);
    return this.#wordOf(task);
  }

  /**
   * A helper lives, and has these tasks. Answers as soon as one of them is to do something else than the helper knows, or
   * after `waitMs`; `lost` is what is not its own any more.
   */
  async beat(claims: readonly KnownClaim[], waitMs: number, signal: AbortSignal): Promise<readonly Told[]> {
    const { clock } = this.#options;
    const until = clock.elapsed() + waitMs;
    // Heard of once: what happens here while it waits says nothing of the helper.
    for (const claim of claims) this.#held(claim, true);
    for (;;) {
      const news = this.#bell.heard;
      const told = claims.map((claim) => ({ claim, word: this.#wordFor(claim) }));
      const leftMs = until - clock.elapsed();
      if (leftMs <= 0 || told.some(({ claim, word }) => word !== claim.known)) return told;
      await this.#either(news, leftMs, signal);
    }
  }

  /**
   * A task has ended. Said again by the same helper it changes nothing.
   *
   * @param outputBytes all of its output, which must be on record.
   * @throws {WorkError} LEASE_LOST, OUTPUT_GAP. @throws system errors of the disk: then it can be said again.
   */
  async done(claim: Claim, result: LoopResult, outputBytes: number): Promise<void> {
    if (this.#isSaid(claim)) return;
    await this.#inTurn(claim, async (task) => {
      const { size } = task.output;
      if (size !== outputBytes && task.stopping !== "OUTPUT_LIMIT")
        throw gap(`the task has ${outputBytes} bytes of output, and ${size} are there`);
      const isCut = task.stopping === "INTERRUPTED" && !("ExitCode" in result && result.ExitCode === 0);
      if (isCut && task.hopeless === undefined) await this.#endings.putBack(task, "the worker was drained");
      else await this.#endings.finish(task, result);
    });
  }

  /** A task cannot be done. @returns whether it will be tried again. @throws {WorkError} LEASE_LOST. */
  async fail(claim: Claim, error: string, isRetryable: boolean): Promise<boolean> {
    if (this.#isSaid(claim)) return false;
    return await this.#inTurn(claim, async (task) => {
      const mayTry = isRetryable && (task.stopping ?? "INTERRUPTED") === "INTERRUPTED" && task.hopeless === undefined;
      if (mayTry) await this.#endings.putBack(task, error.slice(0, maxDetailChars));
      else await this.#endings.finish(task, { Error: error.slice(0, maxDetailChars) });
      return mayTry;
    });
  }

  /** A task was not begun, and is given back. @throws {WorkError} LEASE_LOST, TASK_TOUCHED. */
  async release(claim: Claim): Promise<void> {
    await this.#inTurn(claim, async (task) => {
      if (task.output.size > 0) throw new WorkError("TASK_TOUCHED", `unit ${claim.unit} has output already`);
      if (task.stopping === undefined) await this.#endings.putBack(task, "a helper gave it back", true);
      else await this.#endings.giveUp(task, "a helper gave it back");
    });
  }

  /** A helper is gone and with it all it was doing. @param how for people: `its helper died`. */
  async gone(helper: string, how: string): Promise<void> {
    this.#given.delete(helper);
    this.#dismissed.delete(helper);
    await Promise.all(this.#heldBy(helper).map((task) => this.#lose(task, how)));
    this.#bell.ring();
  }

  /** End a unit, whatever it is doing; resolves when it is final. */
  async stop(unit: Unit, cause: UnitCause, signal: AbortSignal): Promise<void> {
    while (!unit.isFinal) {
      const isNobodys = !this.#tasks.has(unit.id) && !this.#list.isTaken(unit.id);
      if (this.#list.leave(unit.id) || isNobodys)
        return await this.#options.end(unit, { State: UnitState.Canceled, Detail: "Canceled", Cause: cause });
      const { revision } = unit;
      const task = this.#tasks.get(unit.id);
      if (task) await task.inTurn(() => this.#tell(task, cause));
      const again = AbortSignal.timeout(lookAgainMs);
      await unit.changedSince(revision, AbortSignal.any([signal, again])).catch(() => signal.throwIfAborted());
    }
  }

  /** The deadline of a drain has come: helpers are told to stop what they have. */
  async interrupt(): Promise<void> {
    const isCurrent = (task: HeldTask) => this.#tasks.get(task.unit.id) === task;
    const all = [...this.#tasks.values()];
    await Promise.all(all.map((task) => task.inTurn(async () => isCurrent(task) && this.#tell(task, "INTERRUPTED"))));
  }

  /** Stop watching; helpers go on. */
  close(): void {
    this.#closing.abort(new Error("the daemon is shutting down"));
    this.#bell.ring();
    for (const task of this.#tasks.values()) void task.inTurn(() => task.output.close());
  }

  async #handOut(helper: LoopHelper): Promise<HeldTask | undefined> {
    while (!this.#isHeld) {
      const id = this.#list.take(this.#limitsFor(helper));
      if (id === undefined) return undefined;
      const unit = this.#options.find(id);
      const type = unit && !unit.isFinal ? this.#typeOf(unit.status.WorkType) : undefined;
      if (!unit || !type) this.#list.untake(id);
      else {
        const task = await this.#lease(unit, type, helper);
        if (task) return task;
      }
    }
    return undefined;
  }

  #limitsFor({ workTypes, isRemote }: LoopHelper) {
    const types = this.types.filter((type) => workTypes.includes(type.workType) && (type.isRemote || !isRemote));
    return types.map(({ workType, maxUnits }) => ({ workType, maxUnits }));
  }

  /** On disk before anybody is told. @returns undefined when the unit was ended meanwhile. @throws system errors. */
  async #lease(unit: Unit, type: LoopSettings, helper: LoopHelper): Promise<HeldTask | undefined> {
    const { Queued, Loop, Attempt = 0, ...status } = unit.status;
    const fence = (Loop?.Fence ?? 0) + 1;
    // Before the new attempt is on record: it must not find output of another.
    new LoopOutput(unit.folder, type).discard();
    const next: UnitStatus = {
      ...status,
      State: UnitState.Running,
      Detail: `Running: helper ${helper.id}`,
      StartedAt: new Date(this.#options.clock.now()).toISOString(),
      Attempt: Attempt + 1,
      Loop: { Fence: fence, Helper: helper.id },
    };
    let now: UnitStatus;
    try {
      now = await saved(unit, next, true);
    } catch (error) {
      this.#list.untake(unit.id);
      this.#list.wait(unit.id, type.workType, true);
      throw error;
    }
    if (now.Loop?.Fence !== fence) {
      this.#list.untake(unit.id);
      unit.set(now);
      return undefined;
    }
    const task = this.#grant(unit, type, { helper: helper.id, fence });
    this.#given.set(helper.id, (this.#given.get(helper.id) ?? 0) + 1);
    unit.set(now);
    this.#bell.ring();
    return task;
  }

  #grant(unit: Unit, type: LoopSettings, by: Pick<Lease, "helper" | "fence">): HeldTask {
    const now = this.#awake.now();
    const { workType, leaseMs } = type;
    const lease: Lease = { unit: unit.id, workType, leaseMs, ...by, grantedAt: now, heardAt: now };
    const task = new HeldTask(unit, type, lease);
    this.#list.grant(lease);
    this.#tasks.set(unit.id, task);
    return task;
  }

  #typeOf(workType: string): LoopSettings | undefined {
    const type = this.#options.types.find(workType);
    return type?.kind === "loop" ? type : undefined;
  }

  #heldBy(helper: string): HeldTask[] {
    return [...this.#tasks.values()].filter(({ lease }) => lease.helper === helper);
  }

  /** The task of a claim that holds, which is heard of thereby. */
  #claimed(claim: Claim): HeldTask {
    const task = this.#held(claim, true);
    if (task) return task;
    throw new WorkError("LEASE_LOST", `unit ${claim.unit} is not this helper's (fence ${claim.fence})`);
  }

  #held({ unit, helper, fence }: Claim, isHeard: boolean): HeldTask | undefined {
    const lease = this.#list.held(unit, helper, fence);
    if (lease && isHeard) lease.heardAt = this.#awake.now();
    return lease && this.#tasks.get(unit);
  }

  async #inTurn<T>(claim: Claim, act: (task: HeldTask) => Promise<T>): Promise<T> {
    const task = this.#claimed(claim);
    // What was done before it may have ended the lease.
    return await task.inTurn(() => act(this.#claimed(claim)));
  }

  #isSaid({ unit: id, helper, fence }: Claim): boolean {
    const { isFinal, status } = this.#options.find(id) ?? { isFinal: false, status: undefined };
    return isFinal && status?.Loop?.Helper === helper && status.Loop.Fence === fence;
  }

  #wordFor(claim: Claim): Word | "lost" {
    const task = this.#held(claim, false);
    return task ? this.#wordOf(task) : "lost";
  }

  #wordOf({ stopping, lease }: HeldTask): Word {
    if (stopping !== undefined) return "cancel";
    return this.#draining !== undefined || this.#dismissed.has(lease.helper) ? "shutdown" : "continue";
  }

  /** The wish is on disk before the helper hears of it, so that whoever comes after knows why the task ended. */
  async #tell(task: HeldTask, cause: UnitCause): Promise<void> {
    const { unit } = task;
    if (task.stopping !== undefined && task.stopping !== "INTERRUPTED") return;
    const status = { ...unit.status, Stopping: cause };
    unit.set(await saved(unit, status, false).catch(() => status));
    this.#cutLater(task);
    this.#bell.ring();
  }

  #cutLater({ lease, type }: HeldTask): void {
    const { cancelGraceMs = defaultGraceMs, leaseMs } = type;
    lease.cutAt ??= this.#awake.now() + cancelGraceMs + Math.min(leaseMs, lastWordMs);
  }

  /** Looks at the leases for as long as the daemon runs. */
  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#options.clock.sleep(this.#tickMs, signal).catch(() => undefined);
      const now = this.#awake.now();
      if (signal.aborted) return;
      for (const lease of this.#list.expired(now)) this.#expire(lease);
      for (const task of this.#tasks.values()) this.#limitTime(task, now);
    }
  }

  #expire({ unit, helper, leaseMs, heardAt, cutAt }: Lease): void {
    const task = this.#tasks.get(unit);
    if (!task) return;
    const isSilent = this.#awake.now() - heardAt >= leaseMs;
    const how = isSilent
      ? `its helper ${helper} has said nothing for ${leaseMs / 1_000} s`
      : `its helper ${helper} did not say that it has stopped`;
    if (isSilent || cutAt !== undefined) void this.#lose(task, how);
  }

  #limitTime(task: HeldTask, now: number): void {
    const { maxRunMs } = task.type;
    if (maxRunMs === undefined || task.stopping !== undefined || now - task.lease.grantedAt < maxRunMs) return;
    void task.inTurn(() => this.#tell(task, "RUN_TIME_LIMIT"));
  }

  /** Never throws. */
  async #lose(task: HeldTask, how: string): Promise<void> {
    // From this moment on the helper's words count no more, also while others wait for the disk.
    if (!this.#list.end(task.lease)) return;
    this.#options.log.warn(`unit ${task.unit.id}: ${how}`);
    await task
      .inTurn(async () => {
        if (!task.unit.isFinal) await this.#endings.giveUp(task, how);
      })
      .catch((error: unknown) => this.#options.log.error("a task was not given up", { error: errorText(error) }));
  }

  #over(task: HeldTask, isBack: boolean): void {
    this.#list.end(task.lease);
    this.#tasks.delete(task.unit.id);
    if (isBack) this.#list.wait(task.unit.id, task.type.workType, true);
    this.#bell.ring();
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

function taskOf({ unit, type, lease, output }: HeldTask): LoopTask {
  const { ExtraData, Attempt = 1 } = unit.status;
  const { Params } = (ExtraData ?? {}) as { Params?: unknown };
  return {
    unit: unit.id,
    workType: type.workType,
    params: typeof Params === "string" ? Params : "",
    attempt: Attempt,
    fence: lease.fence,
    leaseMs: lease.leaseMs,
    payloadBytes: outputSize(unit.folder.stdin),
    outputBytes: output.size,
  };
}

function unserved(workType: string, helper: string | undefined) {
  if (helper === undefined)
    return {
      State: UnitState.Failed,
      Detail: `work type ${workType} is no longer served by run loops`,
      Cause: "NOT_STARTED",
    } as const;
  const Detail = `helper ${helper} had it, and work type ${workType} is no longer served by run loops`;
  return { State: UnitState.Failed, Detail, Cause: "HELPER_LOST" } as const;
}
