import { randomBytes } from "node:crypto";
import { type Clock, errorText, type Log } from "#core";
import {
  type Conversation,
  maxUnitsPerBatch,
  RemoteError,
  type UnitNews as News,
  unitsChanged,
  unitsKnown,
} from "#fleet";
import type { Units } from "#work";
import { isFinal, type UnitReport } from "#work/wire";
import { detailsOf } from "../management/unit-methods.ts";
import { type ChangeBatch, UnitChanges } from "./unit-changes.ts";

type Unit = ReturnType<Units["get"]>;

/** Between two batches, milliseconds: endings are waited for by people, everything else by lists. */
const pauseMs = { running: 250, ended: 50 } as const;
/** A batch has so many bytes of JSON at most, for a message has 1 MiB. */
const maxBatchBytes = 500_000;
/** The server is asked again after this time when it did not take a batch; twice as long each time. */
const again = { shortestMs: 1_000, longestMs: 30_000 } as const;

export interface UnitNewsOptions {
  readonly units: Pick<Units, "watch" | "find" | "list">;
  readonly conversation: Pick<Conversation, "call">;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Tells the server of the units of this worker: of each change, in batches, and after a cut or a restart of either side of
 * what is different (decision 17). The server's table is a mirror; what stands here is the truth.
 */
export class UnitNews {
  readonly #options: UnitNewsOptions;
  readonly #changes: UnitChanges;
  #epoch = newEpoch();
  #wake: () => void = () => {};
  /** How often this worker has registered; 0: the server takes nothing now. */
  #registrations = 0;
  #retryMs: number = again.shortestMs;

  constructor(options: UnitNewsOptions) {
    this.#options = options;
    const { units, signal } = options;
    this.#changes = new UnitChanges((id) => units.find(id) !== undefined, Object.keys(idsOf(units)));
    const stop = units.watch(({ id }) => {
      this.#changes.changed(id);
      this.#wake();
    });
    signal.addEventListener("abort", stop, { once: true });
  }

  /** This worker has registered: the server may be another, or have another database. */
  registered(): void {
    this.#registrations++;
    this.#retryMs = again.shortestMs;
    this.#wake();
  }

  /** Until the signal fires. Never rejects. */
  async run(): Promise<void> {
    const { signal, clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#registrations > 0) await this.#tell();
        else await this.#woken();
      } catch (error) {
        if (signal.aborted) return;
        // A server of an earlier version: nothing more until the next registration, which may be with a newer one.
        if (error instanceof RemoteError && error.code === "METHOD_UNKNOWN") this.#registrations = 0;
        else log.debug(`the server was not told of units: ${errorText(error)}`);
        await clock.sleep(this.#retryMs, signal).catch(() => {});
        this.#retryMs = Math.min(again.longestMs, 2 * this.#retryMs);
      }
    }
  }

  /** From what the server has on, until something fails or this worker registers again. */
  async #tell(): Promise<void> {
    const { conversation, signal } = this.#options;
    const registration = this.#registrations;
    const isOver = (): boolean => this.#registrations !== registration;
    const known = await conversation.call(unitsKnown, {}, { signal });
    // Nothing there and nothing known: a worker without units costs its server nothing.
    while (known.epoch === null && !this.#changes.hasUnits && !isOver()) await this.#woken();
    if (isOver()) return;
    const isKnown = known.epoch === this.#epoch && this.#changes.reaches(known.sequence);
    let told = known.sequence;
    if (isKnown) this.#changes.goOnBehind(told);
    else told = await this.#compare();
    for (;;) {
      while (!this.#changes.hasUntold && !isOver()) await this.#woken();
      if (isOver()) return;
      if (!this.#changes.reaches(told)) throw new Error("too much has gone since: all is compared");
      told = (await this.#tellSome(false)).sequence;
    }
  }

  /** All there is, under a new epoch, part after part. @returns up to where all is told. */
  async #compare(): Promise<number> {
    this.#epoch = newEpoch();
    this.#changes.compare();
    for (;;) {
      const { isWhole, sequence } = await this.#tellSome(true);
      if (isWhole) return sequence;
    }
  }

  async #tellSome(compare: boolean): Promise<ChangeBatch> {
    const { conversation, signal } = this.#options;
    const { batch, changed, released } = this.#batch();
    const { sequence, isWhole } = batch;
    const said = { epoch: this.#epoch, compare, whole: compare && isWhole, sequence, changed, released };
    await conversation.call(unitsChanged, said, { signal });
    this.#changes.told(batch);
    this.#retryMs = again.shortestMs;
    await this.#pause(changed);
    return batch;
  }

  #batch(): { readonly batch: ChangeBatch; readonly changed: News[]; readonly released: string[] } {
    const wanted = this.#changes.next(maxUnitsPerBatch);
    const changed: News[] = [];
    const released: string[] = [];
    let bytes = 0;
    let taken = 0;
    for (const [id] of wanted.changes) {
      const unit = this.#options.units.find(id);
      if (unit) {
        const news = newsOf(unit);
        bytes += Buffer.byteLength(JSON.stringify(news));
        if (bytes > maxBatchBytes && taken > 0) break;
        changed.push(news);
      } else released.push(id);
      taken++;
    }
    return { batch: taken < wanted.changes.length ? this.#changes.next(taken) : wanted, changed, released };
  }

  /** What happens together is told together; a long list goes on at once. */
  async #pause(changed: readonly News[]): Promise<void> {
    if (changed.length >= maxUnitsPerBatch) return;
    const hasEnded = changed.some(({ state }) => isFinal(state));
    await this.#options.clock.sleep(hasEnded ? pauseMs.ended : pauseMs.running, this.#options.signal);
  }

  /** @throws the signal's reason. */
  async #woken(): Promise<void> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        signal.removeEventListener("abort", this.#wake);
        resolve();
      };
      signal.addEventListener("abort", this.#wake, { once: true });
    });
    signal.throwIfAborted();
  }
}

const newEpoch = (): string => randomBytes(12).toString("base64url");

/** Nothing is reported for that: it would look at the output of each one that runs. */
function idsOf(units: Pick<Units, "list">): Readonly<Record<string, true>> {
  const ids: Record<string, true> = {};
  units.list(({ id }) => {
    ids[id] = true;
    return false;
  });
  return ids;
}

/** A unit as the server is told of it. */
export function newsOf(unit: Unit): News {
  const report: UnitReport = unit.report();
  const { stateName: _, ...details } = detailsOf(unit.id, report);
  const { Asked } = report;
  return { ...details, ...(Asked && { params: { ...Asked } }) };
}
