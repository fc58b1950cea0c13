import { randomBytes } from "node:crypto";
import { errorText, systemCode, timeLimit } from "#core";
import { WorkError } from "../errors.ts";
import type { Unit } from "../unit/unit.ts";
import { UnitState } from "../wire.ts";
import { watchFarhand } from "./farhand-watch.ts";
import { FirstOutcome } from "./first-outcome.ts";
import { Job } from "./job.ts";
import type { MirrorRecord } from "./mirror-record.ts";
import { type MirrorContext, TwinLink } from "./mirror-context.ts";
import { watchReceptor } from "./receptor-watch.ts";
import { dropTwin, type Ended, type EndingWord, endTwin } from "./twin-ending.ts";
import { type Attempted, startTwin } from "./twin-start.ts";

/** After a cancel the ending is on its way here; so long it is waited for. */
const endingMs = 5_000;
/** A forced release gives the other node this long. */
const forceMs = 15_000;

/** A token nobody can guess: the proof of who gave an order. */
export function newToken(): string {
  return randomBytes(32).toString("hex");
}

/** One unit of type `remote` that is not over: starts its twin on the other node, mirrors it, ends it (spec §2.7). */
export class Mirror {
  readonly #link: TwinLink;
  readonly #life = new Job();
  readonly #ending = new Job();

  constructor(unit: Unit, context: MirrorContext) {
    this.#link = new TwinLink(unit, context);
  }

  /**
   * Give the work to its node. The first attempt is waited for; from then on it goes on in the background.
   *
   * @returns false when the node was not reached yet.
   * @throws {WorkError} `REMOTE_REFUSED`; the unit has failed then.
   */
  async start(signal: AbortSignal): Promise<boolean> {
    const { record } = this.#link;
    record.show({ Detail: "Starting Worker" });
    const first = new FirstOutcome<Attempted>();
    const begins = (stop: AbortSignal) => this.#live(stop, first.settle).finally(() => first.settle("pending"));
    if (!(await this.#life.replace(begins))) return false;
    const outcome = await first.or(signal);
    if (outcome instanceof Error) throw outcome;
    return outcome === "started";
  }

  /** End the twin. The mirror follows when the ending comes. Cancelling a final unit does nothing. */
  async cancel(signal: AbortSignal): Promise<Ended> {
    const { record } = this.#link;
    if (record.unit.isFinal) return "done";
    // A release that waits for its node ends the twin as well, and must not be forgotten over this.
    if (record.data.LocalReleased && record.mayHaveStarted) return await this.#tell("release", signal);
    const fault = await this.#note({ LocalCancelled: true }, { Stopping: "CANCELED" });
    if (!record.mayHaveStarted) {
      await this.#life.stop();
      // It may have got through in the very last moment.
      if (!record.mayHaveStarted) return await this.#cancelHere();
      await this.#watch();
    }
    const ended = await this.#tell("cancel", signal);
    if (ended === "pending" && fault) return await this.#giveUp(fault);
    const soon = timeLimit(endingMs, signal);
    if (ended === "done") await record.unit.until(() => record.unit.isFinal, soon).catch(() => undefined);
    return ended;
  }

  /**
   * Release the twin and then the mirror.
   *
   * @param force try to release the twin once, and delete the mirror in any case.
   * @throws {WorkError} `REMOTE_REFUSED` when the other node will not, `STORAGE_FAILED`.
   */
  async release(force: boolean, signal: AbortSignal): Promise<Ended> {
    const { record } = this.#link;
    const fault = await this.#note({ LocalCancelled: true, LocalReleased: true });
    await this.#life.stop();
    if (!record.mayHaveStarted) {
      void dropTwin(this.#link);
      await this.#remove(force);
      return "done";
    }
    if (!force) {
      const ended = await this.#tell("release", signal);
      return ended === "pending" && fault ? await this.#giveUp(fault) : ended;
    }
    await this.#ending.stop();
    await endTwin(this.#link, "release", timeLimit(forceMs)).catch((error: unknown) => {
      this.#link.context.log.warn(`unit ${record.unit.id} is released here only`, { error: errorText(error) });
    });
    await this.#remove(true);
    return "done";
  }

  /**
   * Go on where an earlier daemon stopped (spec §2.7.6).
   *
   * That a Farhand node was told to start is in a file before it is told, but not flushed. When the machine has gone down
   * since, it may be missing: then only that node can say.
   */
  async resume(): Promise<void> {
    const { record } = this.#link;
    if (!record.mayHaveStarted && !record.unit.isFinal && (record.isGivenAway || record.isOfAnotherBoot)) {
      const RemoteUnitID = record.data.RemoteUnitID || record.unit.id;
      record.learn({ RemoteUnitID }, { Twin: { ...record.twin, Protocol: "farhand", Sent: true } });
    }
    const { LocalReleased, LocalCancelled } = record.data;
    const { isFinal } = record.unit;
    if (LocalReleased) {
      if (record.mayHaveStarted) await this.#tell("release", undefined);
      else await this.#remove(false);
    } else if (!isFinal && record.mayHaveStarted) {
      await this.#watch();
      if (LocalCancelled) await this.#tell("cancel", undefined);
    } else if (!isFinal && LocalCancelled) {
      await this.#cancelHere();
    } else if (!isFinal) {
      // What was ordered before the file said so has this unit's own id.
      const unitId = record.data.RemoteUnitID || record.unit.id;
      await this.#ending.replace((stop) => dropTwin(this.#link, unitId, stop));
      const Detail = "Failed to restart: remote work had not previously started";
      await record.finish({ State: UnitState.Failed, Detail, Cause: "NOT_STARTED" });
    }
  }

  /** Stop everything; the unit stays as it is on disk. */
  close(): void {
    this.#link.record.close();
    this.#life.close();
    this.#ending.close();
    void this.#link.closeOutput();
  }

  async #watch(): Promise<void> {
    await this.#life.replace((stop) => this.#live(stop, () => undefined));
  }

  /**
   * Note for the next daemon what was asked. On a full disk it is done all the same: whoever releases wants room.
   *
   * @returns why it could not be noted.
   */
  async #note(...what: Parameters<MirrorRecord["keep"]>): Promise<WorkError | undefined> {
    try {
      await this.#link.record.keep(...what);
      return undefined;
    } catch (cause) {
      const message = `what was asked of unit ${this.#link.unit.id} cannot be noted: ${errorText(cause)}`;
      this.#link.context.log.warn(message);
      return new WorkError("STORAGE_FAILED", message, { cause });
    }
  }

  /** Nobody may be told that it will be done later, when a restart would forget it. */
  async #giveUp(fault: WorkError): Promise<never> {
    await this.#ending.stop();
    await this.#takeBack();
    throw fault;
  }

  /** From the start of the twin to the end of the mirror. */
  async #live(stop: AbortSignal, told: (outcome: Attempted) => void): Promise<void> {
    const { record } = this.#link;
    try {
      // Whoever cancels does not want it started once more only to hear how the start went.
      const isToStart = !record.data.RemoteStarted && !(record.twin.Sent && record.data.LocalCancelled);
      const started = isToStart ? await startTwin(this.#link, told, stop) : {};
      if (!started) return;
      const isReceptor = record.twin.Protocol === "receptor";
      if (isReceptor || !(await watchFarhand(this.#link, started.following, stop))) {
        await watchReceptor(this.#link, stop);
      }
    } catch (error) {
      if (stop.aborted) return;
      this.#link.context.log.error(`unit ${record.unit.id} is no longer mirrored`, { error: errorText(error) });
      record.stall(errorText(error));
    } finally {
      if (record.unit.isFinal) await this.#link.closeOutput();
    }
  }

  async #cancelHere(): Promise<Ended> {
    const ending = { State: UnitState.Failed, Detail: "Locally Cancelled", Cause: "CANCELED" } as const;
    await this.#link.record.finish(ending);
    void dropTwin(this.#link);
    return "done";
  }

  /** Tell the other node until it has heard; the first attempt is waited for. @throws {WorkError} `REMOTE_REFUSED`. */
  async #tell(word: EndingWord, signal: AbortSignal | undefined): Promise<Ended> {
    const first = new FirstOutcome<Ended | Error>();
    const begins = (stop: AbortSignal) =>
      this.#tellUntilHeard(word, stop, first.settle).finally(() => first.settle("pending"));
    // Nothing begins when the unit has just gone, or the daemon is about to.
    if (!(await this.#ending.replace(begins))) return "pending";
    // After a restart nobody waits.
    if (!signal) return "pending";
    const outcome = await first.or(signal);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  async #tellUntilHeard(word: EndingWord, stop: AbortSignal, told: (outcome: Ended | Error) => void): Promise<void> {
    const { record, context } = this.#link;
    const backoff = this.#link.backoff();
    for (;;) {
      if (word === "cancel" && record.unit.isFinal) return told("done");
      try {
        await endTwin(this.#link, word, stop);
        if (word === "release") await this.#remove(false);
        return told("done");
      } catch (error) {
        stop.throwIfAborted();
        if (["REMOTE_REFUSED", "STORAGE_FAILED", "SIGNING_KEY_UNUSABLE"].includes(systemCode(error) ?? "")) {
          await this.#takeBack();
          return told(error as Error);
        }
        context.log.info(`unit ${record.unit.id}: ${word} waits for its node`, { error: errorText(error) });
        record.stall(errorText(error));
      }
      told("pending");
      await backoff.wait(stop);
    }
  }

  /** The other node will not: the unit goes on as if nobody had asked. */
  async #takeBack(): Promise<void> {
    const { record } = this.#link;
    const { Stopping, ...status } = record.unit.status;
    record.unit.set(status);
    await record.keep({ LocalCancelled: false, LocalReleased: false }).catch(() => undefined);
    if (!record.unit.isFinal) await this.#watch();
  }

  async #remove(force: boolean): Promise<void> {
    const { record, context } = this.#link;
    await context.remove(record.unit, force);
    this.#life.close();
    this.#ending.close();
    record.close();
    await this.#link.closeOutput();
  }
}
