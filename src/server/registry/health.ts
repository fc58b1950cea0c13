import { type Clock, systemClock } from "#core";
import { ServerError } from "../errors.ts";
import {
  dropHealthBefore,
  healthOfMany,
  healthPoints,
  newestHealth,
  oldestHealth,
  storeHealth,
  workerIds,
} from "../store/health.ts";
import type { Store } from "../store/store.ts";
import type { HealthTable } from "../store/tables.ts";
import { dropWorkerEventsBefore, workerEventsBetween } from "../store/worker-events.ts";
import { type Availability, availabilityOf } from "./availability.ts";
import { type HealthPoint, healthSample, meansOf, readPoint, storedPoint } from "./health-points.ts";
import { type HealthStep, healthSteps, stepsFor } from "./health-retention.ts";
import { LastBeats } from "./last-beats.ts";
import { othersTurn } from "./others-turn.ts";

/** Samples that wait to be stored; when the database is away for longer, the oldest are lost. */
const maxWaiting = 200_000;
/** Samples that are stored by one statement. */
const flushedAtOnce = 500;
/** Points of one answer. */
const maxPoints = 2_000;
/** Samples arrive late by as much as they wait: a span is summed up when it is over for so long. */
const settleMs = 60_000;
/** Workers that are summed up at once. */
const partWorkers = 50;
const dropEventsEveryMs = 3_600_000;

/** What is asked of a series. */
export interface SeriesWindow {
  /** Milliseconds since 1970; `to` excluded. */
  readonly from: number;
  readonly to: number;
  /** Each point is the mean of so long; where only coarser ones are kept, points stand further apart. */
  readonly stepMs: number;
}

/** How workers were over time: samples of their heartbeats, means of them, and how much of the time they were there. */
export class Health {
  /** The newest numbers of each worker, before they are stored. */
  readonly beats = new LastBeats();
  readonly #store: Store;
  readonly #clock: Pick<Clock, "now">;
  readonly #ages: Pick<Clock, "now">;
  #waiting: HealthTable[] = [];
  /** To where each step is summed up. */
  readonly #summedTo = new Map<number, number>();
  #eventsDroppedAt = Number.NEGATIVE_INFINITY;

  /** @param ages by which it is decided what was kept for long enough. */
  constructor(store: Store, clock: Pick<Clock, "now"> = systemClock, ages: Pick<Clock, "now"> = clock) {
    this.#store = store;
    this.#clock = clock;
    this.#ages = ages;
  }

  /** Take a heartbeat's numbers; they are stored with the next {@link flush}. Whatever is no number is left out. */
  add(workerId: string, sent: object): void {
    if (this.#waiting.length >= maxWaiting) this.#waiting.splice(0, maxWaiting / 10);
    const [at, sample] = [this.#clock.now(), healthSample(sent)];
    this.beats.note(workerId, at, sample);
    this.#waiting.push({ worker_id: workerId, step_ms: 0, at, sample: storedPoint({ sample, beats: 1 }) });
  }

  /** Store what was added. When that fails, what was not stored is kept for the next time. */
  async flush(): Promise<void> {
    // Two of one worker in the same millisecond are one: a statement cannot write a row twice.
    const points = [...new Map(this.#waiting.map((point) => [`${point.worker_id} ${point.at}`, point])).values()];
    this.#waiting = [];
    for (let from = 0; from < points.length; from += flushedAtOnce) {
      try {
        await storeHealth(this.#store.db, points.slice(from, from + flushedAtOnce));
      } catch (error) {
        this.#waiting = [...points.slice(from), ...this.#waiting].slice(-maxWaiting);
        throw error;
      }
      await othersTurn();
    }
  }

  /** A worker's numbers over time, the oldest first. @throws {ServerError} SERIES_INVALID. */
  async series(workerId: string, { from, to, stepMs }: SeriesWindow): Promise<HealthPoint[]> {
    if (!(stepMs >= 1) || !(to > from) || (to - from) / stepMs > maxPoints)
      throw new ServerError("SERIES_INVALID", `a series has at most ${maxPoints} points and ends after it begins`);
    const points: HealthPoint[] = [];
    let start = from;
    // The coarse ones end some minutes ago: from there on the finer ones go on.
    for (const step of stepsFor(from, this.#clock.now())) {
      const window = { workerId, stepMs: step.stepMs, from: start, to };
      const read = (await healthPoints(this.#store.db, window)).map(readPoint);
      points.push(...read);
      start = (read.at(-1)?.at ?? start - step.stepMs) + step.stepMs;
    }
    return meansOf(points, stepMs).map(({ at, sample, beats }) => ({ at, sample, beats }));
  }

  /** How much of a window a worker was there; the future counts for nothing. */
  async availability(workerId: string, from: number, to: number): Promise<Availability> {
    const until = Math.min(to, this.#clock.now());
    return availabilityOf(await workerEventsBetween(this.#store.db, workerId, from, until), from, until);
  }

  /** Sum up the spans that are over, and forget what was kept long enough. Doing it twice changes nothing. */
  async maintain(signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    for (const [n, step] of healthSteps.entries()) {
      const finer = healthSteps[n - 1];
      if (finer) await this.#sumUp(finer, step, now - settleMs, signal);
    }
    const today = this.#ages.now();
    for (const { stepMs, keepMs } of healthSteps) await dropHealthBefore(this.#store.db, stepMs, today - keepMs);
    await this.#dropEvents(today);
  }

  /** All events are looked at for that: not each minute, where there are millions. */
  async #dropEvents(now: number): Promise<void> {
    if (Math.abs(now - this.#eventsDroppedAt) < dropEventsEveryMs) return;
    await dropWorkerEventsBefore(this.#store.db, now - Math.max(...healthSteps.map(({ keepMs }) => keepMs)));
    this.#eventsDroppedAt = now;
  }

  async #sumUp(finer: HealthStep, { stepMs }: HealthStep, until: number, signal?: AbortSignal): Promise<void> {
    const { db } = this.#store;
    // After a start, and when the clock was set back, the newest span is done again: it may have been left half done.
    const known = this.#summedTo.get(stepMs) ?? Number.POSITIVE_INFINITY;
    let from = known <= until ? known : ((await newestHealth(db, stepMs, until)) ?? 0);
    for (;;) {
      const next = await oldestHealth(db, finer.stepMs, from);
      const at = Math.floor((next ?? until) / stepMs) * stepMs;
      if (next === undefined || at + stepMs > until) return;
      await this.#sumUpSpan(finer, stepMs, at, signal);
      from = at + stepMs;
      this.#summedTo.set(stepMs, from);
    }
  }

  async #sumUpSpan(finer: HealthStep, stepMs: number, at: number, signal?: AbortSignal): Promise<void> {
    const { db } = this.#store;
    for (let after = ""; ; ) {
      signal?.throwIfAborted();
      const ids = await workerIds(db, after, partWorkers);
      const last = ids.at(-1);
      if (last === undefined) return;
      const rows = await healthOfMany(db, { ids, stepMs: finer.stepMs, from: at, to: at + stepMs });
      await storeHealth(db, summed(rows, stepMs));
      await othersTurn();
      after = last;
    }
  }
}

function summed(rows: readonly HealthTable[], stepMs: number): HealthTable[] {
  const byWorker = new Map<string, HealthPoint[]>();
  for (const row of rows) {
    const points = byWorker.get(row.worker_id);
    if (points) points.push(readPoint(row));
    else byWorker.set(row.worker_id, [readPoint(row)]);
  }
  return [...byWorker].flatMap(([worker_id, points]) =>
    meansOf(points, stepMs).map((mean) => ({ worker_id, step_ms: stepMs, at: mean.at, sample: storedPoint(mean) })),
  );
}
