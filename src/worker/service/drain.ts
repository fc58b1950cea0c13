import { type Clock, errorText, type Log, systemClock, timeLimit } from "#core";
import { serve, type ServedMethod, workerDrain } from "#fleet";
import type { Units } from "#work";
import type { WorkerLoops } from "../loops/worker-loops.ts";

/** Helpers that have no task any more are waited for so long, beyond what they are given to go. */
const homeMs = 30_000;

export interface DrainOptions {
  readonly units: Pick<Units, "hold" | "interrupt" | "running" | "watch">;
  readonly loops: Pick<WorkerLoops, "drain" | "drained"> | undefined;
  /** No work is to be taken from now on. */
  readonly takeNone: () => void;
  readonly lifecycle: { stop(by: string): void };
  readonly log: Log;
  readonly clock?: Clock;
}

/** The orderly end of a worker: no new work, what runs ends or is interrupted at a deadline, then it stops (CAT-90). */
export class Drain {
  readonly #options: DrainOptions;
  readonly #clock: Clock;
  readonly #deadline = new AbortController();
  #begin: () => void = () => {};
  /** Resolves when it begins. */
  readonly begun = new Promise<void>((resolve) => {
    this.#begin = resolve;
  });
  #isOn = false;
  #wasCutShort = false;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** It has begun, and nothing takes it back. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** The deadline came before all that ran had ended. */
  get wasCutShort(): boolean {
    return this.#wasCutShort;
  }

  /** `worker.drain`. */
  get methods(): readonly ServedMethod[] {
    return [serve(workerDrain, ({ deadlineMs }, { caller }) => ({ running: this.begin(caller.name, deadlineMs) }))];
  }

  /**
   * Begin. Asked again it only can come sooner.
   *
   * @returns how many units run.
   */
  begin(by: string, deadlineMs?: number): number {
    const { units, loops, takeNone, log } = this.#options;
    if (deadlineMs !== undefined)
      void this.#clock.sleep(deadlineMs, this.#deadline.signal).then(
        () => this.#deadline.abort(),
        () => {},
      );
    const running = units.running();
    if (this.#isOn) return running;
    this.#isOn = true;
    log.info("draining: no more work is taken", { by, running, ...(deadlineMs !== undefined && { deadlineMs }) });
    takeNone();
    units.hold(true);
    loops?.drain("the worker stops");
    this.#begin();
    this.#run(by).catch((error: unknown) => log.error("the drain broke off", { error: errorText(error) }));
    return running;
  }

  async #run(by: string): Promise<void> {
    const { units, loops, lifecycle, log } = this.#options;
    await this.#untilIdle();
    if (units.running() > 0) {
      this.#wasCutShort = true;
      log.warn("the deadline of the drain has come: what runs is interrupted", { running: units.running() });
      await units.interrupt();
    }
    await loops?.drained(timeLimit(homeMs)).catch(() => log.warn("helpers do not go home"));
    this.#deadline.abort();
    lifecycle.stop(by);
  }

  /** Until nothing runs, or the deadline has come. */
  async #untilIdle(): Promise<void> {
    const { units } = this.#options;
    const { signal } = this.#deadline;
    let unwatch = (): void => {};
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (signal.aborted || units.running() === 0) resolve();
      };
      unwatch = units.watch(look);
      signal.addEventListener("abort", look, { once: true });
      look();
    });
    unwatch();
  }
}
