import { type Clock, errorText, type Log } from "#core";
import { WorkError } from "../errors.ts";
import { defaultGraceMs } from "../runner/runner.ts";
import type { LoopSettings } from "../settings.ts";
import type { Unit } from "../unit/unit.ts";
import type { UnitCause } from "../wire.ts";
import { AwakeTime } from "./awake-time.ts";
import type { Bell } from "./bell.ts";
import { type Claim, HeldTask, type Word } from "./held-task.ts";
import { saved, TaskEndings } from "./task-endings.ts";
import type { Lease, TaskList } from "./task-list.ts";

/** All leases are looked at so often at the latest, and so often at the soonest. */
const latestTickMs = 1_000;
const soonestTickMs = 20;
/** Beyond the grace of its type, a helper that was told to stop its task has so long to say that it did. */
const lastWordMs = 10_000;

export interface HeldTasksOptions {
  readonly list: TaskList;
  readonly bell: Bell;
  /** Whether a helper is to take no more tasks. */
  readonly isLeaving: (helper: string) => boolean;
  /** Shortest lease of any type, milliseconds; undefined: there are no types. */
  readonly shortestLeaseMs: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The tasks that helpers have, for as long as their leases last (CAT-85). */
export class HeldTasks {
  readonly endings: TaskEndings;
  readonly #options: HeldTasksOptions;
  readonly #tasks = new Map<string, HeldTask>();
  readonly #awake: AwakeTime;
  readonly #tickMs: number;
  readonly #closing = new AbortController();

  constructor(options: HeldTasksOptions) {
    const { clock, log, shortestLeaseMs } = options;
    this.#options = options;
    this.endings = new TaskEndings(clock, log, { over: (task, isBack) => this.#over(task, isBack) });
    this.#tickMs = Math.max(soonestTickMs, Math.min(latestTickMs, (shortestLeaseMs ?? Number.POSITIVE_INFINITY) / 20));
    this.#awake = new AwakeTime(clock, 2 * this.#tickMs);
    if (shortestLeaseMs !== undefined) void this.#watch();
  }

  /** The task of this unit, if a helper has it. */
  of(unit: string): HeldTask | undefined {
    return this.#tasks.get(unit);
  }

  /** Those of one helper. */
  by(helper: string): HeldTask[] {
    return [...this.#tasks.values()].filter(({ lease }) => lease.helper === helper);
  }

  /** From now on it is a helper's. What that is on record of must be on disk already. */
  grant(unit: Unit, type: LoopSettings, by: Pick<Lease, "helper" | "fence">): HeldTask {
    const now = this.#awake.now();
    const { workType, leaseMs } = type;
    const lease: Lease = { unit: unit.id, workType, leaseMs, ...by, grantedAt: now, heardAt: now };
    const task = new HeldTask(unit, type, lease);
    this.#options.list.grant(lease);
    this.#tasks.set(unit.id, task);
    return task;
  }

  /** The task of a claim, if that holds. @param isHeard the claim shows that its helper lives. */
  held({ unit, helper, fence }: Claim, isHeard: boolean): HeldTask | undefined {
    const lease = this.#options.list.held(unit, helper, fence);
    if (lease && isHeard) lease.heardAt = this.#awake.now();
    return lease && this.#tasks.get(unit);
  }

  /** The task of a claim that holds, which is heard of thereby. @throws {WorkError} LEASE_LOST. */
  claimed(claim: Claim): HeldTask {
    const task = this.held(claim, true);
    if (task) return task;
    throw new WorkError("LEASE_LOST", `unit ${claim.unit} is not this helper's (fence ${claim.fence})`);
  }

  /** Do something with the task of a claim, after what was begun before. @throws {WorkError} LEASE_LOST. */
  async inTurn<T>(claim: Claim, act: (task: HeldTask) => Promise<T>): Promise<T> {
    const task = this.claimed(claim);
    // What was done before it may have ended the lease.
    return await task.inTurn(() => act(this.claimed(claim)));
  }

  /** What the helper of a task is to do with it. */
  wordOf({ stopping, lease }: HeldTask): Word {
    if (stopping !== undefined) return "cancel";
    return this.#options.isLeaving(lease.helper) ? "shutdown" : "continue";
  }

  /** In its turn: it is to stop. On disk before its helper hears of it, so that whoever comes after knows why it ended. */
  async tell(task: HeldTask, cause: UnitCause): Promise<void> {
    const { unit, lease } = task;
    const isHeld = this.#options.list.leaseOf(unit.id) === lease;
    if (!isHeld || (task.stopping !== undefined && task.stopping !== "INTERRUPTED")) return;
    const status = { ...unit.status, Stopping: cause };
    unit.set(await saved(unit, status, false).catch(() => status));
    this.cutLater(task);
    this.#options.bell.ring();
  }

  /** Whoever was told to stop its task and does not loses it. */
  cutLater({ lease, type }: HeldTask): void {
    const { cancelGraceMs = defaultGraceMs, leaseMs } = type;
    lease.cutAt ??= this.#awake.now() + cancelGraceMs + Math.min(leaseMs, lastWordMs);
  }

  /** All of them are to stop, because the worker is. */
  async interrupt(): Promise<void> {
    const all = [...this.#tasks.values()];
    await Promise.all(all.map((task) => task.inTurn(() => this.tell(task, "INTERRUPTED"))));
  }

  /** Its helper is gone, or counts as that. From this moment on its words are nobody's. Never throws. */
  async lose(task: HeldTask, how: string): Promise<void> {
    const { list, log } = this.#options;
    if (!list.end(task.lease)) return;
    log.warn(`unit ${task.unit.id}: ${how}`);
    const givenUp = task.inTurn(async () => {
      if (!task.unit.isFinal) await this.endings.giveUp(task, how);
    });
    await givenUp.catch((error: unknown) => log.error("a task was not given up", { error: errorText(error) }));
  }

  /** Stop watching; helpers go on. */
  close(): void {
    this.#closing.abort();
    for (const task of this.#tasks.values()) void task.inTurn(() => task.output.close());
  }

  async #watch(): Promise<void> {
    const { list, clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(this.#tickMs, signal).catch(() => undefined);
      const now = this.#awake.now();
      if (signal.aborted) return;
      for (const lease of list.expired(now)) this.#expire(lease, now);
      for (const task of this.#tasks.values()) this.#limitTime(task, now);
    }
  }

  #expire({ unit, helper, leaseMs, heardAt }: Lease, now: number): void {
    const task = this.#tasks.get(unit);
    const isSilent = now - heardAt >= leaseMs;
    const how = isSilent ? `has said nothing for ${leaseMs / 1_000} s` : "did not say that it has stopped";
    if (task) void this.lose(task, `its helper ${helper} ${how}`);
  }

  #limitTime(task: HeldTask, now: number): void {
    const { maxRunMs } = task.type;
    if (maxRunMs === undefined || task.stopping !== undefined || now - task.lease.grantedAt < maxRunMs) return;
    void task.inTurn(() => this.tell(task, "RUN_TIME_LIMIT"));
  }

  #over(task: HeldTask, isBack: boolean): void {
    const { list, bell } = this.#options;
    list.end(task.lease);
    this.#tasks.delete(task.unit.id);
    if (isBack) list.wait(task.unit.id, task.type.workType, true);
    bell.ring();
  }
}
