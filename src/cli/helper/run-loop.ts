import { randomBytes } from "node:crypto";
import { type Clock, errorText, systemClock } from "#core";
import {
  helperBeat,
  helperBye,
  helperFail,
  type HelperNext,
  helperNext,
  helperProtocols,
  helperRelease,
  type HelperTask,
  type HelperWelcome,
  maxHelperWaitMs,
  RemoteError,
} from "#fleet";
import { version } from "#worker";
import type { WorkerAddress } from "./line.ts";
import type { TaskProgram } from "./task-command.ts";
import { TaskRun } from "./task-run.ts";
import { unknownTasks, WorkerLink } from "./worker-link.ts";

/** A beat names the tasks of its moment: one that has come since hears of a cancel so much later at most. */
const promptMs = 1_000;
/** The worker hears a goodbye or does not: it is waited for so long. */
const byeMs = 2_000;

export interface RunLoopOptions {
  readonly address: WorkerAddress;
  readonly workTypes: readonly string[] | undefined;
  readonly slots: number;
  readonly program: TaskProgram;
  /** The first wish to end: what runs is finished. */
  readonly leave: AbortSignal;
  /** The second: what runs is stopped. */
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
  readonly clock?: Clock;
}

/**
 * Fetch tasks and run a command for each, until the worker sends us home or somebody wants an end (CAT-83).
 *
 * @throws {RemoteError | CliError} the worker does not want us, or is gone for good.
 */
export async function runLoop(options: RunLoopOptions): Promise<void> {
  const loop = new RunLoop(options);
  await loop.run();
}

class RunLoop {
  readonly #options: RunLoopOptions;
  readonly #clock: Clock;
  readonly #link: WorkerLink;
  readonly #running = new Map<string, TaskRun>();
  readonly #leaving = new AbortController();
  /** Ends when the slot that asks for a task now has its answer. */
  #asking: Promise<unknown> = Promise.resolve();
  /** Why the worker gives us no more tasks, when it has refused one. */
  #refusal: { readonly error: unknown } | undefined;

  constructor(options: RunLoopOptions) {
    this.#options = options;
    const { address, workTypes, slots, clock = systemClock } = options;
    this.#clock = clock;
    const instance = randomBytes(16).toString("hex");
    this.#link = new WorkerLink({
      ...{ address, clock },
      hello: {
        ...{ protocols: [...helperProtocols], version, instance, slots },
        ...(workTypes && { workTypes: [...workTypes] }),
      },
      met: (welcome) => this.#met(welcome),
      missed: () => {
        for (const task of this.#running.values()) task.abort();
      },
    });
  }

  async run(): Promise<void> {
    const { slots, leave, stop, say } = this.#options;
    const cancel = (): void => {
      for (const task of this.#running.values()) task.cancel();
    };
    const go = (): void => this.#leave("told to end");
    leave.addEventListener("abort", go, { once: true });
    stop.addEventListener("abort", cancel, { once: true });
    const beating = new AbortController();
    // No hope is left: what runs is another's now, or will be.
    this.#link.over.addEventListener("abort", () => this.#loseAll(), { once: true });
    try {
      await this.#link.ready();
      say(`helper ${this.#link.welcome?.helper} waits for tasks`);
      const beats = this.#beat(beating.signal);
      await Promise.all(Array.from({ length: slots }, () => this.#slot()));
      beating.abort();
      await this.#goodbye();
      await beats;
      if (this.#refusal) throw this.#refusal.error;
    } finally {
      beating.abort();
      this.#loseAll();
      leave.removeEventListener("abort", go);
      stop.removeEventListener("abort", cancel);
      this.#link.close();
    }
  }

  /** One task after another. */
  async #slot(): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      const next = await this.#next().catch((error: unknown) => this.#refused(error));
      // Asked for, and come after all: it was not touched.
      if (next.kind === "task" && signal.aborted) await this.#giveBack(next.task);
      else if (next.kind === "task") await this.#run(next.task);
      else if (next.kind === "shutdown") this.#leave(next.reason);
    }
  }

  /** One slot asks at a time: a worker answers only so many calls of one connection at once, and these wait there. */
  #next() {
    const next = this.#asking.then(() => this.#ask());
    this.#asking = next.catch(() => {});
    return next;
  }

  async #ask(): Promise<HelperNext> {
    const { signal } = this.#leaving;
    if (signal.aborted) return { kind: "nothing" };
    const asked = this.#link.call(helperNext, { waitMs: maxHelperWaitMs }, maxHelperWaitMs);
    const inTime = await unlessFired(asked, signal);
    if (inTime) return inTime;
    // What comes all the same is for others now, and not only when what we have is done and we say goodbye.
    const late = asked.then((next) => (next.kind === "task" ? this.#giveBack(next.task) : undefined));
    late.catch(() => {});
    return { kind: "nothing" };
  }

  /** What runs is ours all the same, and is finished first. @throws the error when there is no hope for that. */
  #refused(error: unknown): HelperNext {
    this.#link.over.throwIfAborted();
    this.#refusal ??= { error };
    this.#leave(errorText(error));
    return { kind: "nothing" };
  }

  async #run(task: HelperTask): Promise<void> {
    const type = this.#link.welcome?.types.find(({ workType }) => workType === task.workType);
    if (!type) return await this.#giveBack(task);
    const run = new TaskRun({ task, type, program: this.#options.program, link: this.#link, clock: this.#clock });
    const key = `${task.task}.${task.fence}`;
    this.#running.set(key, run);
    await run.run().finally(() => this.#running.delete(key));
    // Without hope there is no next one.
    this.#link.over.throwIfAborted();
  }

  async #beat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#link.over.aborted) {
      const waitMs = Math.min(this.#link.welcome?.beatEveryMs ?? promptMs, promptMs);
      // One that is lost is nobody's of ours, and the worker would say so at once, again and again.
      const tasks = [...this.#running.values()].filter(({ isLost }) => !isLost).map(({ claim }) => claim);
      const asked = this.#link.call(helperBeat, { waitMs, tasks }, waitMs);
      const answer = await unlessFired(asked, signal).catch((error: unknown) => this.#unheard(error, signal));
      for (const { task, fence, word } of answer?.tasks ?? []) {
        if (word === "shutdown") this.#leave("the worker stops");
        this.#running.get(`${task}.${fence}`)?.hear(word);
      }
    }
  }

  /** A beat was refused: not at once again. Whom the worker does not know has no tasks. */
  async #unheard(error: unknown, signal: AbortSignal): Promise<undefined> {
    if (error instanceof RemoteError && error.code === "HELPER_REFUSED") this.#loseAll();
    await this.#clock.sleep(promptMs, signal).catch(() => {});
  }

  /** The worker has let us in: what it thinks is ours and what we have may differ after a cut. */
  #met(welcome: HelperWelcome): void {
    for (const task of unknownTasks(welcome, new Set(this.#running.keys()))) void this.#giveBack(task);
  }

  async #giveBack({ task, fence, outputBytes }: HelperTask): Promise<void> {
    const claim = { task, fence };
    const given =
      outputBytes === 0
        ? this.#link.call(helperRelease, claim)
        : this.#link.call(helperFail, { ...claim, error: "its helper was started anew", retryable: true });
    await given.catch(() => {});
  }

  #loseAll(): void {
    for (const task of this.#running.values()) task.lose();
  }

  #leave(why: string): void {
    if (this.#leaving.signal.aborted) return;
    this.#options.say(`taking no more tasks: ${why}`);
    this.#leaving.abort();
  }

  async #goodbye(): Promise<void> {
    const done = new AbortController();
    const limit = this.#clock.sleep(byeMs, done.signal).catch(() => {});
    await Promise.race([this.#link.call(helperBye, {}).catch(() => {}), limit]);
    done.abort();
  }
}

/** The answer, or undefined when the signal fires first. A signal lives long: nothing of us stays with it. */
async function unlessFired<T>(asked: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let go = (): void => {};
  const fired = new Promise<undefined>((resolve) => {
    go = () => resolve(undefined);
  });
  signal.addEventListener("abort", go);
  try {
    return await Promise.race([asked, fired]);
  } finally {
    signal.removeEventListener("abort", go);
  }
}
