import { type Clock, errorText, type Log } from "#core";
import type { Ending } from "../unit/ending.ts";
import { outputSize, sealOutput } from "../unit/output.ts";
import { updateStatus } from "../unit/status-file.ts";
import type { Unit } from "../unit/unit.ts";
import { isFinal, type LoopResult, UnitState, type UnitStatus } from "../wire.ts";
import type { HeldTask } from "./held-task.ts";
import { lostEnding, resultEnding } from "./loop-ending.ts";

/** What becomes of a task that its helper has no more. */
export interface EndingEvents {
  /** It is final, or waits again; the lease is to end now, before anybody is told. */
  over(task: HeldTask, isBack: boolean): void;
}

/** Ends tasks, each in its turn: on disk first, then told. */
export class TaskEndings {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: EndingEvents;

  constructor(clock: Clock, log: Log, events: EndingEvents) {
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
  }

  /**
   * Its helper has said how it ended. That is on record before any output is moved, so that a daemon that dies in between
   * only has to go on.
   *
   * @throws system errors of the disk: then nothing has ended, and the helper can say it again.
   */
  async finish(task: HeldTask, result: LoopResult): Promise<void> {
    const { unit, output, type } = task;
    const { Loop } = unit.status;
    if (type.output === "whole" && Loop && !Loop.Result)
      unit.set(await saved(unit, { ...unit.status, Loop: { ...Loop, Result: result } }, true));
    await output.settle();
    const final = await this.#final(task, resultEnding(result, task.stopping), true);
    const status = await saved(unit, final, true);
    this.#events.over(task, false);
    unit.set(status);
  }

  /** Its helper is gone, or has failed for a reason that may pass: it waits again if it may be tried again. */
  async giveUp(task: HeldTask, how: string): Promise<void> {
    const { stopping, hopeless, result } = task;
    if (result) return await this.#conclude(task, resultEnding(result, stopping), true);
    const isWanted = stopping === undefined || stopping === "INTERRUPTED";
    if (isWanted && hopeless === undefined) return await this.putBack(task, how);
    await this.#conclude(task, lostEnding(task.unit.status, how, hopeless ?? ""));
  }

  /** On the list again. @param isUntouched then it was no attempt. */
  async putBack(task: HeldTask, how: string, isUntouched = false): Promise<void> {
    const { unit } = task;
    await task.output.close();
    const { Stopping, StartedAt, Attempt = 1, Loop, ...status } = unit.status;
    const next: UnitStatus = {
      ...status,
      State: UnitState.Pending,
      Detail: `Waiting for a helper again: ${how}`,
      Queued: true,
      Loop: { Fence: Loop?.Fence ?? task.lease.fence },
      Attempt: isUntouched ? Attempt - 1 : Attempt,
    };
    const now = await this.#savedOrTold(unit, next);
    this.#events.over(task, !isFinal(now.State));
    unit.set(now);
  }

  /** End it with what is on record of its output; nobody is there to ask again. @param isWhole that is all of it. */
  async #conclude(task: HeldTask, ending: Ending, isWhole = false): Promise<void> {
    const { unit, output } = task;
    await output.close();
    if (!isWhole) output.discard();
    const settled = isWhole ? output.settle() : Promise.resolve();
    const final = await settled
      .then(() => this.#final(task, ending, false))
      .catch((error: unknown) => ({
        ...withoutWishes(unit.status),
        ...ending,
        State: UnitState.Failed,
        Detail: `${ending.Detail}; the output could not be stored: ${errorText(error)}`,
        Cause: "STORAGE_FAILED" as const,
        StdoutSize: outputSize(unit.folder.stdout),
      }));
    const status = await this.#savedOrTold(unit, final);
    this.#events.over(task, false);
    unit.set(status);
  }

  /** @param isSaid its helper ended it, and may say so again: the answer can get lost. */
  async #final({ unit }: HeldTask, ending: Ending, isSaid: boolean): Promise<UnitStatus> {
    const { bytes, sha256 } = await sealOutput(unit.folder.stdout);
    const now = this.#clock.now();
    const startedAt = Date.parse(unit.status.StartedAt ?? "");
    const { Loop, ...status } = withoutWishes(unit.status);
    return {
      ...status,
      ...ending,
      StdoutSize: bytes,
      StdoutSha256: sha256,
      FinishedAt: new Date(now).toISOString(),
      ...(Number.isFinite(startedAt) && { RunSeconds: Math.max(0, (now - startedAt) / 1_000) }),
      ...(Loop && { Loop: { Fence: Loop.Fence, ...(isSaid && Loop.Helper !== undefined && { Helper: Loop.Helper }) } }),
    };
  }

  async #savedOrTold(unit: Unit, status: UnitStatus): Promise<UnitStatus> {
    try {
      return await saved(unit, status, true);
    } catch (error) {
      this.#log.error(`status of unit ${unit.id} cannot be written`, { error: errorText(error) });
      return status;
    }
  }
}

/** Put a status on disk in place of whatever is there, unless that is final: then it stays, and is given. */
export function saved(unit: Unit, status: UnitStatus, durable: boolean): Promise<UnitStatus> {
  return updateStatus(unit.folder, (now) => (now && isFinal(now.State) ? now : status), { durable });
}

function withoutWishes({ Stopping, Queued, ...status }: UnitStatus): UnitStatus {
  return status;
}
