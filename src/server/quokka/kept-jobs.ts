import { type Clock, errorText } from "#core";
import { UnitState } from "#work/wire";
import { dropQuokkaUnit, quokkaUnits, storeQuokkaUnit } from "../store/quokka.ts";
import type { Store } from "../store/store.ts";
import type { UnitIndex } from "../units/unit-index.ts";
import { cameOf, type HowEnded, newsOfJob, type QuokkaJob } from "./job.ts";
import type { OutputFolder } from "./output-folder.ts";
import { keyOf, type OutputRoom, type UnitName } from "./output-room.ts";

export interface KeptJobsOptions {
  readonly store: Store;
  readonly index: Pick<UnitIndex, "put">;
  readonly clock: Pick<Clock, "now">;
}

/** The units of workers of Quokka, each as it is and as the database and the index have it. */
export class KeptJobs {
  readonly #options: KeptJobsOptions;
  readonly #room: OutputRoom;
  readonly #jobs = new Map<string, QuokkaJob>();
  /** New ones until they are stored, and orders until it is stored that they leave: no heartbeat takes them. */
  readonly #settling = new Set<QuokkaJob>();
  /** Ended, and that is not stored yet: it is tried again. */
  readonly #unsettled = new Map<QuokkaJob, HowEnded>();
  /** Packets that had come when a unit was stored last. */
  readonly #told = new WeakMap<QuokkaJob, number>();
  readonly #storing = new WeakMap<QuokkaJob, Promise<void>>();

  constructor(options: KeptJobsOptions, room: OutputRoom) {
    this.#options = options;
    this.#room = room;
  }

  /** As an earlier process has left them. What that one did not store is found out. @param came packets of a capture */
  async load(came: (job: QuokkaJob) => Promise<number>): Promise<QuokkaJob[]> {
    for (const { job: stored } of await quokkaUnits(this.#options.store.db)) {
      const job = JSON.parse(stored) as QuokkaJob;
      if (!job.ended && job.startedAt !== undefined) job.packets = await came(job);
      this.#jobs.set(keyOf(job), job);
      this.#told.set(job, cameOf(job));
    }
    return this.all();
  }

  all(): QuokkaJob[] {
    return [...this.#jobs.values()];
  }

  of(workerId: string): QuokkaJob[] {
    return this.all().filter((job) => job.workerId === workerId);
  }

  get(name: UnitName): QuokkaJob | undefined {
    return this.#jobs.get(keyOf(name));
  }

  folder(name: UnitName): OutputFolder {
    return this.#room.of(name, this.#jobs.has(keyOf(name)));
  }

  /** Whether something of it is being stored by which it begins or leaves. */
  isSettling(job: QuokkaJob): boolean {
    return this.#settling.has(job);
  }

  /** Whether it is over, and the database does not know yet. */
  isUnsettled(job: QuokkaJob): boolean {
    return this.#unsettled.has(job);
  }

  /** Whether packets came that are not told yet. */
  isBehind(job: QuokkaJob): boolean {
    return this.#told.get(job) !== cameOf(job);
  }

  /** @throws what the database says; then there is no such unit, and no order of it leaves. */
  async begin(job: QuokkaJob): Promise<void> {
    this.#jobs.set(keyOf(job), job);
    this.#settling.add(job);
    try {
      await this.changed(job);
    } catch (error) {
      await this.forget(job).catch(() => {});
      throw error;
    } finally {
      this.#settling.delete(job);
    }
  }

  /**
   * Store that orders leave, before the answer: after it nobody would know whether they were given. @returns those that do:
   * who is cancelled meanwhile stays. @throws what the database says; then none leaves, and they go with the next heartbeat.
   */
  async leave(due: readonly QuokkaJob[]): Promise<QuokkaJob[]> {
    for (const job of due) this.#settling.add(job);
    try {
      for (const job of due) if (!job.ended) await this.#sent(job);
    } catch (error) {
      for (const job of due) if (!job.ended) delete job.sentAt;
      throw error;
    } finally {
      for (const job of due) this.#settling.delete(job);
    }
    return due.filter(({ ended }) => !ended);
  }

  /** It is over. @throws what the database says; then it is told again with {@link settleRest}. */
  async end(job: QuokkaJob, how: HowEnded): Promise<void> {
    if (job.ended) return;
    // From here on nothing more is taken; the rest of it follows.
    job.ended = { ...how, at: this.#options.clock.now(), size: 0, sha256: "" };
    try {
      await this.#settle(job, how);
    } catch (error) {
      this.#unsettled.set(job, how);
      throw error;
    }
  }

  /** Store how those ended of which that failed before. @throws what the database says. */
  async settleRest(): Promise<void> {
    for (const [job, how] of this.#unsettled) await this.#settle(job, how);
  }

  /** Store a unit as it is now; one store after another, so that none is overtaken by an older one. */
  async changed(job: QuokkaJob): Promise<void> {
    const before = this.#storing.get(job) ?? Promise.resolve();
    const storing = before.catch(() => {}).then(() => this.#store(job));
    this.#storing.set(job, storing);
    await storing;
  }

  /** Nothing of it can come any more. */
  async forget(job: QuokkaJob): Promise<void> {
    const { workerId, unit } = job;
    this.#jobs.delete(keyOf(job));
    this.#room.close(job);
    await dropQuokkaUnit(this.#options.store.db, workerId, unit);
  }

  /** Its worker is no more, and neither are its units in the database. */
  forgetWorker(workerId: string): void {
    for (const job of this.of(workerId)) {
      this.#jobs.delete(keyOf(job));
      this.#room.close(job);
      this.#unsettled.delete(job);
    }
  }

  async #sent(job: QuokkaJob): Promise<void> {
    job.sentAt = this.#options.clock.now();
    await this.changed(job);
  }

  /** Store how it ended. @throws what the database says. */
  async #settle(job: QuokkaJob, how: HowEnded): Promise<void> {
    const folder = this.folder(job);
    const failed = await folder.flush().then(() => undefined, errorText);
    const ending: HowEnded =
      failed === undefined ? how : { state: UnitState.Failed, cause: "STORAGE_FAILED", detail: failed };
    const at = job.ended?.at ?? this.#options.clock.now();
    job.ended = { ...ending, at, size: folder.size, sha256: await folder.sha256() };
    await this.changed(job);
    this.#unsettled.delete(job);
    folder.wake();
  }

  async #store(job: QuokkaJob): Promise<void> {
    // How large its output is, is being found out: what says so follows.
    if (job.ended?.sha256 === "") return;
    const { store, index } = this.#options;
    const { workerId, unit } = job;
    const [row, news, came] = [JSON.stringify(job), newsOfJob(job, this.folder(job).size), cameOf(job)];
    await storeQuokkaUnit(store.db, { worker_id: workerId, unit, job: row });
    await index.put(workerId, [news]);
    this.#told.set(job, came);
  }
}
