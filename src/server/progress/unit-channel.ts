import { type Clock, errorText, type Log } from "#core";
import { type FedChannels, ProgressLines } from "#monitor";
import { isFinal } from "#work/wire";
import type { Asker, WorkerLines } from "../line/worker-lines.ts";
import type { Store } from "../store/store.ts";
import type { UnitTable } from "../store/tables.ts";
import { knownUnits } from "../store/units.ts";
import { findWorker } from "../store/workers.ts";
import type { UnitIndex } from "../units/unit-index.ts";
import { unitChannelId, type UnitName } from "./unit-channel-id.ts";
import { finishedMessage, positionIn, removedMessage, stateMessage } from "./unit-messages.ts";

/** What a channel of a unit is fed from. */
export interface UnitSources {
  readonly store: Store;
  readonly units: Pick<UnitIndex, "feed">;
  /** With what the policy includes. */
  readonly lines: Pick<WorkerLines, "open">;
  readonly asker: Asker;
  readonly clock: Clock;
  readonly log: Log;
}

const firstRetryMs = 1_000;
const lastRetryMs = 30_000;
const changesAtOnce = 200;

/** Feeds the channel of one unit: its states as the index hears of them, and what its output says of its progress. */
export class UnitChannel {
  readonly #name: UnitName;
  readonly #id: string;
  readonly #fed: FedChannels;
  readonly #sources: UnitSources;
  #lines = new ProgressLines();
  /** End of the last line that was told: from there on the output is read by whoever goes on. */
  #told = 0;
  #row: UnitTable | undefined;
  readonly #removed = new AbortController();

  constructor(name: UnitName, fed: FedChannels, sources: UnitSources) {
    this.#name = name;
    this.#id = unitChannelId(name);
    this.#fed = fed;
    this.#sources = sources;
  }

  /** Its worker was removed: nothing more will be heard of the unit. */
  removed(): void {
    this.#removed.abort(new Error("the worker was removed"));
  }

  /** Until the unit has ended and all that it said is in the channel, its worker is removed, or `signal` fires. */
  async feed(signal: AbortSignal): Promise<void> {
    const { isEnded, last } = await this.#fed.standing(this.#id, signal);
    if (isEnded) return;
    // Every message of ours says how far the output was looked at, so the channel's log knows where to go on.
    this.#told = positionIn(last);
    this.#lines = new ProgressLines(this.#told);
    const { signal: removed } = this.#removed;
    if (!(await this.#hasWorker())) this.removed();
    try {
      await this.#feedAll(AbortSignal.any([signal, removed]));
    } catch (error) {
      if (signal.aborted || !removed.aborted) throw error;
      this.#fed.put(this.#id, removedMessage(this.#row, this.#told));
    }
  }

  async #feedAll(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const following = new AbortController();
    const output = this.#followAll(AbortSignal.any([signal, following.signal]));
    output.catch(() => {});
    try {
      await this.#tellStates(signal);
      await output;
      if (this.#row) this.#fed.put(this.#id, finishedMessage(this.#row, Math.min(this.#at, this.#row.size)));
    } finally {
      following.abort();
    }
  }

  async #hasWorker(): Promise<boolean> {
    const worker = await findWorker(this.#sources.store.db, this.#name.workerId);
    return worker !== undefined && worker.state !== "removed";
  }

  get #at(): number {
    return this.#lines.position;
  }

  /** Comes back when there will be no other state. */
  async #tellStates(signal: AbortSignal): Promise<void> {
    const { feed } = this.#sources.units;
    for (let number: number | undefined; !isOver(this.#row); ) {
      signal.throwIfAborted();
      const changes = number === undefined ? undefined : feed.after(number, changesAtOnce);
      if (changes === undefined) {
        // In this order: what changes between the two is told twice rather than never.
        number = feed.last;
        this.#look(await this.#stored());
      } else {
        const mine = changes.findLast(({ unit }) => this.#isMine(unit));
        if (mine) this.#look(mine.unit);
        number = (number ?? 0) + changes.length;
        if (changes.length === 0) await feed.more(number, signal);
      }
    }
  }

  #look(row: UnitTable | undefined): void {
    if (row && (row.state !== this.#row?.state || row.detail !== this.#row.detail) && !isFinal(row.state))
      this.#fed.put(this.#id, stateMessage(row, this.#told));
    this.#row = row ?? this.#row;
  }

  async #stored(): Promise<UnitTable | undefined> {
    const { workerId, unit } = this.#name;
    const [row] = await knownUnits(this.#sources.store.db, workerId, [unit]);
    return row;
  }

  #isMine({ worker_id: workerId, unit }: UnitTable): boolean {
    return workerId === this.#name.workerId && unit === this.#name.unit;
  }

  /** All of the output, through cuts, as far as it can be had. */
  async #followAll(signal: AbortSignal): Promise<void> {
    for (let waitMs = firstRetryMs; !this.#hasAll(); ) {
      const before = this.#at;
      try {
        await this.#follow(signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#sources.log.debug("the output of a unit that is watched was cut", {
          unit: this.#id,
          why: errorText(error),
        });
      }
      if (this.#hasAll()) return;
      waitMs = this.#at > before ? firstRetryMs : Math.min(2 * waitMs, lastRetryMs);
      await this.#changed(waitMs, signal);
    }
  }

  /** Its end is known and reached, or it is no more. */
  #hasAll(): boolean {
    const row = this.#row;
    return row !== undefined && isOver(row) && (row.released_at !== null || this.#at >= row.size);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { lines, asker } = this.#sources;
    const params = { unit: this.#name.unit, from: this.#at, follow: true };
    const request = { method: "units.results", params };
    const { stream } = await lines.open(this.#name.workerId, request, asker, signal);
    const cut = (): void => void stream.destroy();
    signal.addEventListener("abort", cut, { once: true });
    try {
      for await (const chunk of stream) this.#take(chunk as Buffer);
    } finally {
      signal.removeEventListener("abort", cut);
      stream.destroy();
    }
  }

  #take(chunk: Buffer): void {
    for (const { said, end } of this.#lines.take(chunk)) {
      this.#fed.put(this.#id, { ...said, at: end });
      this.#told = end;
    }
  }

  /** The unit is different, or so much time has passed: a worker that is away comes back without a word of its units. */
  async #changed(waitMs: number, signal: AbortSignal): Promise<void> {
    const { units, clock } = this.#sources;
    const limit = new AbortController();
    const either = AbortSignal.any([signal, limit.signal]);
    const waits = [clock.sleep(waitMs, either), units.feed.more(units.feed.last, either)];
    try {
      await Promise.race(waits);
    } finally {
      limit.abort();
      await Promise.allSettled(waits);
    }
    signal.throwIfAborted();
  }
}

/** There will be no other state of it, or of no use to anybody. */
function isOver(row: UnitTable | undefined): boolean {
  return row !== undefined && (isFinal(row.state) || row.released_at !== null);
}
