import { type Clock, systemClock } from "#core";
import type { Store } from "../store/store.ts";
import { insertWorkerEvents } from "../store/worker-events.ts";
import { storeSeen, storeStates, workerStates } from "../store/workers.ts";
import { type Attending, livenessOf, lostAfterMs, spoken } from "./liveness.ts";
import { othersTurn } from "./others-turn.ts";
import type { WorkerState } from "./worker.ts";

const checkEveryMs = 1_000;
/** What is stored may be behind by so long; what was seen, by more, for nobody acts on it. */
const flushEveryMs = 15_000;
/** Workers whose last heartbeat is stored by one statement. */
const flushedAtOnce = 500;
/** Of the states that still wait to be stored; a database that is away for long costs the oldest. */
const maxWaiting = 100_000;

/** How a worker is, why, and since when (milliseconds since 1970). */
export interface PresenceState {
  readonly state: WorkerState;
  readonly cause: string;
  readonly since: number;
  /** What it says is wrong with its work while it is there, in its words. */
  readonly trouble?: string;
}

/** A change that is to be stored: how the worker is, and what is a line of its events, if any. */
type Unstored = PresenceChange & { readonly event: { readonly at: number; readonly cause: string } | undefined };

/** A change, for whoever watches. */
export interface PresenceChange extends PresenceState {
  readonly workerId: string;
}

export interface PresenceOptions {
  readonly store: Store;
  readonly clock?: Clock;
  /** Told of each change, before it is stored. */
  readonly changed?: (change: PresenceChange) => void;
}

/**
 * Which workers are there (CAT-41): a heartbeat every 15 s, late after two missed, lost after three.
 *
 * Everything is decided in memory; the database follows in few statements for many workers.
 */
export class Presence {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #changed: (change: PresenceChange) => void;
  /** In the order in which they were heard: who is late stands in front. */
  readonly #attending = new Map<string, Attending>();
  /** Epochs of those that are lost: a cut may last, and then each goes on as what it was. */
  readonly #lost = new Map<string, number>();
  readonly #states = new Map<string, PresenceState>();
  /** How far heartbeats are apart of those that beat more seldom than our own workers, milliseconds. */
  readonly #rhythms = new Map<string, number>();
  #seen = new Map<string, number>();
  #waiting: Unstored[] = [];
  #checkedAt: number;
  /** How long this process was itself away (stopped, or far too busy): nobody is late for that. */
  #away = 0;

  constructor({ store, clock = systemClock, changed = () => undefined }: PresenceOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#changed = changed;
    this.#checkedAt = clock.elapsed();
  }

  /** Take over what the database says: who was there before this server started has its three heartbeats to come back. */
  async load(): Promise<void> {
    for (const { id, state, cause, state_since } of await workerStates(this.#store.db)) {
      if (this.#states.has(id)) continue;
      this.#states.set(id, { state: state as WorkerState, cause, since: state_since });
      if (state === "online" || state === "late")
        this.#attending.set(id, { epoch: 0, heardAt: this.#now(), live: false, late: state === "late" });
    }
  }

  /** Whether an instance of it is connected. */
  isLive(workerId: string): boolean {
    return this.#attending.get(workerId)?.live ?? false;
  }

  /** How it is; undefined: never seen, or removed. */
  state(workerId: string): PresenceState | undefined {
    return this.#states.get(workerId);
  }

  /** Its heartbeats come more seldom than those of our own workers. */
  beatsEvery(workerId: string, everyMs: number): void {
    this.#rhythms.set(workerId, everyMs);
  }

  /** It has registered: what earlier connections of it still say does not count. */
  joined(workerId: string, epoch: number): void {
    this.#attend(workerId, { epoch, heardAt: this.#now(), live: true, late: false });
    // The registration has written its event itself.
    this.#set(workerId, "online", "registered", { told: true });
  }

  /**
   * A heartbeat has come. One of an earlier registration, or of a removed worker, is none.
   *
   * @param trouble what the worker says is wrong with its work.
   */
  heard(workerId: string, epoch: number, trouble?: string): void {
    const known = this.#attending.get(workerId);
    if ((known?.epoch ?? this.#lost.get(workerId)) !== epoch) return;
    this.#attend(workerId, { epoch, heardAt: this.#now(), live: known?.live ?? true, late: false });
    if (!known || known.late) this.#set(workerId, "online", "heard again");
    this.#setTrouble(workerId, trouble);
  }

  /** Its connection ended without a word: it may be back before anybody misses it, also as another instance. */
  cut(workerId: string, epoch: number): void {
    const known = this.#attending.get(workerId);
    if (known?.epoch === epoch) this.#attending.set(workerId, { ...known, live: false });
  }

  /** The same instance goes on over a new connection. */
  resumed(workerId: string, epoch: number): void {
    const known = this.#attending.get(workerId);
    if (known?.epoch === epoch) this.#attending.set(workerId, { ...known, live: true });
  }

  /** It said that it stops, and why. */
  stopped(workerId: string, epoch: number, cause: string): void {
    if ((this.#attending.get(workerId)?.epoch ?? this.#lost.get(workerId)) !== epoch) return;
    this.#forget(workerId);
    this.#set(workerId, "stopped", cause);
  }

  /** It was removed. */
  left(workerId: string): void {
    this.#forget(workerId);
    this.#states.delete(workerId);
    this.#rhythms.delete(workerId);
    this.#seen.delete(workerId);
    this.#waiting = this.#waiting.filter((change) => change.workerId !== workerId);
    this.#changed({ workerId, state: "removed", cause: "removed", since: this.#clock.now() });
  }

  /** Find who is late or lost. Looks only at those, however many there are. */
  check(): void {
    const now = this.#noticeAbsence();
    for (const [workerId, attending] of this.#attending) {
      const everyMs = this.#rhythms.get(workerId);
      const liveness = livenessOf(attending.heardAt, now, everyMs);
      // Whoever was heard after somebody who is online is it too; of one that beats more seldom that says nothing.
      if (liveness === "online" && everyMs === undefined) return;
      if (liveness === "online") continue;
      if (liveness === "lost") this.#lose(workerId, attending.epoch, now - attending.heardAt);
      else if (!attending.late) {
        attending.late = true;
        this.#set(workerId, "late", `no heartbeat for ${spoken(now - attending.heardAt)}`);
      }
    }
  }

  #lose(workerId: string, epoch: number, silentMs: number): void {
    this.#attending.delete(workerId);
    this.#lost.set(workerId, epoch);
    this.#set(workerId, "lost", `no heartbeat for ${spoken(silentMs)}`);
  }

  /** Write what changed since the last time. When that fails it is kept for the next. */
  async flush(): Promise<void> {
    const changes = this.#waiting;
    this.#waiting = [];
    try {
      if (changes.length > 0) await this.#writeChanges(changes);
    } catch (error) {
      this.#waiting = [...changes, ...this.#waiting].slice(-maxWaiting);
      throw error;
    }
    await this.#writeSeen();
  }

  async #writeSeen(): Promise<void> {
    const seen = [...this.#seen];
    this.#seen = new Map();
    for (let from = 0; from < seen.length; from += flushedAtOnce) {
      try {
        await storeSeen(this.#store.db, seen.slice(from, from + flushedAtOnce));
      } catch (error) {
        this.#seen = new Map([...seen.slice(from), ...this.#seen]);
        throw error;
      }
      await othersTurn();
    }
  }

  #writeChanges(changes: readonly Unstored[]): Promise<void> {
    const rows = changes.map(({ workerId: id, since: state_since, ...rest }) => ({ id, state_since, ...rest }));
    // The last state of each worker, but every event.
    const last = [...new Map(rows.map((row) => [row.id, row])).values()];
    const events = changes.flatMap(({ workerId, state, event }) =>
      event ? [{ worker_id: workerId, state, ...event }] : [],
    );
    return this.#store.db.transaction().execute(async (db) => {
      await storeStates(db, last);
      await insertWorkerEvents(db, events);
    });
  }

  /**
   * Check and flush until `signal` fires; then flush a last time. A change is stored within a second, heartbeats by
   * the quarter minute.
   *
   * @param trouble a flush failed; the next one tries again.
   */
  async run(signal: AbortSignal, trouble: (error: unknown) => void): Promise<void> {
    let flushedAt = this.#clock.elapsed();
    const flush = async (): Promise<void> => {
      flushedAt = this.#clock.elapsed();
      await this.flush().catch(trouble);
    };
    while (!signal.aborted) {
      this.check();
      if (this.#waiting.length > 0 || this.#clock.elapsed() - flushedAt >= flushEveryMs) await flush();
      await this.#clock.sleep(checkEveryMs, signal).catch(() => undefined);
    }
    await flush();
  }

  #forget(workerId: string): void {
    this.#attending.delete(workerId);
    this.#lost.delete(workerId);
  }

  #attend(workerId: string, attending: Attending): void {
    this.#forget(workerId);
    this.#attending.set(workerId, attending);
    this.#seen.set(workerId, this.#clock.now());
  }

  #set(workerId: string, state: WorkerState, cause: string, { told = false } = {}): void {
    const change = { workerId, state, cause, since: this.#clock.now() };
    this.#states.set(workerId, { state, cause, since: change.since });
    this.#waiting.push({ ...change, event: told ? undefined : { at: change.since, cause } });
    this.#changed(change);
  }

  /** An event when it begins and when it is over; that it is said in other words is none. */
  #setTrouble(workerId: string, trouble: string | undefined): void {
    const before = this.#states.get(workerId);
    if (!before || before.trouble === trouble) return;
    const { state, cause, since } = before;
    const now = { state, cause, since, ...(trouble !== undefined && { trouble }) };
    this.#states.set(workerId, now);
    if (before.trouble === undefined || trouble === undefined) {
      const event = { at: this.#clock.now(), cause: trouble ?? `no longer: ${before.trouble}` };
      this.#waiting.push({ workerId, ...now, event });
    }
    this.#changed({ workerId, ...now });
  }

  #now(): number {
    return this.#clock.elapsed() - this.#away;
  }

  #noticeAbsence(): number {
    const gap = this.#clock.elapsed() - this.#checkedAt - checkEveryMs;
    this.#checkedAt = this.#clock.elapsed();
    // A third of what makes a worker lost: shorter hiccups change nothing.
    if (gap > lostAfterMs / 3) this.#away += gap;
    return this.#now();
  }
}
