import { WorkError } from "../errors.ts";
import { outputSize } from "../unit/output.ts";
import type { Unit } from "../unit/unit.ts";
import type { LoopResult } from "../wire.ts";
import type { Claim, Word } from "./held-task.ts";
import type { HeldTasks } from "./held-tasks.ts";
import { gap } from "./loop-output.ts";
import { type PayloadPiece, readPiece } from "./payload-piece.ts";
import { logLines } from "./task-log.ts";

/** Most characters of a helper's words in a unit's detail. */
const maxDetailChars = 500;

/** A claim, and what the helper does with the task already. */
export interface KnownClaim extends Claim {
  readonly known: Word;
}

/** What is to be done about a claim. */
export interface Told {
  readonly claim: KnownClaim;
  readonly word: Word | "lost";
}

export interface TaskDeskOptions {
  readonly held: HeldTasks;
  readonly find: (id: string) => Unit | undefined;
  /** Waits for news or for the time, whichever comes first. Give it the news from before the look. */
  readonly wait: (news: Promise<void>, ms: number, signal: AbortSignal) => Promise<void>;
  readonly news: () => Promise<void>;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
}

/** What helpers say of the tasks they have (CAT-84). Each word with a claim that does not hold is refused: `LEASE_LOST`. */
export class TaskDesk {
  readonly #options: TaskDeskOptions;

  constructor(options: TaskDeskOptions) {
    this.#options = options;
  }

  /** Bytes of a task's payload from `offset` on. @throws {WorkError} LEASE_LOST. */
  async payload(claim: Claim, offset: number, most: number): Promise<PayloadPiece> {
    return await readPiece(this.#options.held.claimed(claim).unit.folder.stdin, offset, most);
  }

  /** Output from byte `offset` on. @throws {WorkError} LEASE_LOST, OUTPUT_GAP, STORAGE_FAILED. */
  output(claim: Claim, offset: number, bytes: Uint8Array): Promise<{ readonly size: number; readonly word: Word }> {
    const { held } = this.#options;
    return held.inTurn(claim, async (task) => {
      if (!(await task.output.write(offset, bytes))) await held.tell(task, "OUTPUT_LIMIT");
      return { size: task.output.size, word: held.wordOf(task) };
    });
  }

  /** How far a task is, for people. @throws {WorkError} LEASE_LOST. */
  progress(claim: Claim, text: string): Word {
    const { held } = this.#options;
    const task = held.claimed(claim);
    const { unit } = task;
    const Detail = `Running: ${text.slice(0, maxDetailChars)}`;
    if (unit.status.Detail !== Detail) unit.set({ ...unit.status, Detail, StdoutSize: outputSize(unit.folder.stdout) });
    return held.wordOf(task);
  }

  /** Lines a helper logs of its task. @throws {WorkError} LEASE_LOST. */
  log(claim: Claim, lines: readonly string[]): Word {
    const { held } = this.#options;
    const task = held.claimed(claim);
    logLines(task.unit.folder.dir, lines);
    return held.wordOf(task);
  }

  /**
   * A helper lives, and has these tasks. Answers as soon as one of them is to do something else than the helper knows, or
   * after `waitMs`; `lost` is what is not its own any more.
   */
  async beat(claims: readonly KnownClaim[], waitMs: number, signal: AbortSignal): Promise<readonly Told[]> {
    const { held, wait, news, elapsed } = this.#options;
    const until = elapsed() + waitMs;
    // Heard of once: what happens here while it waits says nothing of the helper.
    for (const claim of claims) held.held(claim, true);
    for (;;) {
      const next = news();
      const told = claims.map((claim) => ({ claim, word: this.#wordFor(claim) }));
      const leftMs = until - elapsed();
      if (leftMs <= 0 || told.some(({ claim, word }) => word !== claim.known)) return told;
      await wait(next, leftMs, signal);
    }
  }

  /**
   * A task has ended. Said again by the same helper it changes nothing.
   *
   * @param outputBytes all of its output, which must be on record.
   * @throws {WorkError} LEASE_LOST, OUTPUT_GAP. @throws system errors of the disk: then it can be said again.
   */
  async done(claim: Claim, result: LoopResult, outputBytes: number): Promise<void> {
    const { held } = this.#options;
    if (this.#isSaid(claim)) return;
    await held.inTurn(claim, async (task) => {
      // Its output may be in its place already: what is on record is only brought to its end.
      if (task.result) return await held.endings.finish(task, task.result);
      const { size } = task.output;
      if (size !== outputBytes && task.stopping !== "OUTPUT_LIMIT")
        throw gap(`the task has ${outputBytes} bytes of output, and ${size} are there`);
      const isCut = task.stopping === "INTERRUPTED" && !("ExitCode" in result && result.ExitCode === 0);
      if (isCut && task.hopeless === undefined) await held.endings.putBack(task, "the worker was drained");
      else await held.endings.finish(task, result);
    });
  }

  /** A task cannot be done. @returns whether it will be tried again. @throws {WorkError} LEASE_LOST. */
  async fail(claim: Claim, error: string, isRetryable: boolean): Promise<boolean> {
    const { held } = this.#options;
    if (this.#isSaid(claim)) return false;
    return await held.inTurn(claim, async (task) => {
      if (task.result) {
        await held.endings.finish(task, task.result);
        return false;
      }
      const mayTry = isRetryable && (task.stopping ?? "INTERRUPTED") === "INTERRUPTED" && task.hopeless === undefined;
      const why = error.slice(0, maxDetailChars);
      if (mayTry) await held.endings.putBack(task, why);
      else await held.endings.finish(task, { Error: why });
      return mayTry;
    });
  }

  /** A task was not begun, and is given back. @throws {WorkError} LEASE_LOST, TASK_TOUCHED. */
  async release(claim: Claim): Promise<void> {
    const { held } = this.#options;
    await held.inTurn(claim, async (task) => {
      if (task.output.size > 0) throw new WorkError("TASK_TOUCHED", `unit ${claim.unit} has output already`);
      if (task.stopping === undefined && !task.result) await held.endings.putBack(task, "a helper gave it back", true);
      else await held.endings.giveUp(task, "a helper gave it back");
    });
  }

  #isSaid({ unit: id, helper, fence }: Claim): boolean {
    const unit = this.#options.find(id);
    return unit?.isFinal === true && unit.status.Loop?.Helper === helper && unit.status.Loop.Fence === fence;
  }

  #wordFor(claim: Claim): Word | "lost" {
    const { held } = this.#options;
    const task = held.held(claim, false);
    return task ? held.wordOf(task) : "lost";
  }
}
