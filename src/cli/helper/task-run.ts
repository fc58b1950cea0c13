import type { Readable, Writable } from "node:stream";
import { type Clock, errorText, systemCode } from "#core";
import {
  helperDone,
  helperFail,
  helperLog,
  helperOutput,
  helperPayload,
  helperProgress,
  type HelperTask,
  type HelperWelcome,
  type HelperWord,
  maxPieceBytes,
  RemoteError,
} from "#fleet";
import { splitParams } from "#work";
import { TaskCommand, type TaskProgram } from "./task-command.ts";
import { type MessageBatch, TaskMessages } from "./task-messages.ts";
import type { CommandEnd } from "./watched-end.ts";
import type { WorkerLink } from "./worker-link.ts";

/** Between two tries to tell a worker that cannot take it how a task ended. */
const firstPauseMs = 250;
const longestPauseMs = 5_000;
/** What a worker that has refused an end with it would refuse for ever. */
const lastWords: readonly string[] = ["LEASE_LOST", "OUTPUT_GAP", "PARAMS_INVALID"];

export type TaskType = HelperWelcome["types"][number];

/** What a task is run with. */
export interface TaskRunOptions {
  readonly task: HelperTask;
  readonly type: TaskType;
  readonly program: TaskProgram;
  readonly link: WorkerLink;
  readonly clock: Clock;
}

/** One task from its payload to its reported end. */
export class TaskRun {
  readonly #options: TaskRunOptions;
  readonly #claim: { readonly task: string; readonly fence: number };
  #command: TaskCommand | undefined;
  /** What it was told to do. */
  #known: HelperWord = "continue";
  #isLost = false;
  #isAborted = false;
  /** Fires when nothing is waited for any more. */
  readonly #hurry = new AbortController();
  #size = 0;
  #isActive = false;
  /** So many of its two outputs wait for the worker to take what came of them. */
  #handing = 0;

  constructor(options: TaskRunOptions) {
    this.#options = options;
    this.#claim = { task: options.task.task, fence: options.task.fence };
  }

  /** As heartbeats name it. */
  get claim() {
    return { ...this.#claim, known: this.#known };
  }

  /** Whether it is another's. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Run it; resolves when its end is on record at the worker, or is nobody's concern any more. Never throws. */
  async run(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      // The task is another's, or the worker is gone for good: whatever ran for it must not go on.
      this.#command?.kill();
      if (error instanceof RemoteError && error.code !== "LEASE_LOST") await this.#fail(error, true);
    }
  }

  /** The worker's word on it. */
  hear(word: HelperWord | "lost"): void {
    if (word === "lost") this.lose();
    else {
      this.#known = word;
      if (word === "cancel") this.#command?.stop(this.#options.type.cancelGraceMs);
    }
  }

  /** It is another's now: end it without a word. */
  lose(): void {
    this.#isLost = true;
    this.#hurry.abort();
    this.#command?.kill();
  }

  /** The worker is gone, and the type wants no work without it (CAT-91). */
  abort(): void {
    if (this.#options.type.onServiceLoss !== "abort") return;
    this.#isAborted = true;
    this.#command?.stop(this.#options.type.cancelGraceMs);
  }

  /** The helper itself was told to go at once. */
  cancel(): void {
    this.#isAborted = true;
    this.#hurry.abort();
    this.#command?.stop(this.#options.type.cancelGraceMs);
  }

  async #run(): Promise<void> {
    const command = await this.#start();
    if (!command) return;
    const read = new AbortController();
    const messages = new TaskMessages(this.#options.clock, (batch) => this.#tell(batch));
    const written = this.#feed(command);
    const released = command.releaseOutput(() => this.#wasActive(), read.signal);
    try {
      await Promise.all([this.#forward(command), this.#listen(command, messages)]);
    } finally {
      read.abort();
      command.stdin.destroy();
    }
    const end = await command.ended;
    await Promise.all([messages.end(), written, released]);
    if (this.#isLost) return;
    if (this.#isAborted) await this.#fail(new Error("it was stopped with its helper"), true);
    else await this.#done(end);
  }

  /** Until the worker has taken it: said to have failed, a task that has ended would run again. */
  async #done(end: CommandEnd): Promise<void> {
    const { link, clock } = this.#options;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        await link.call(helperDone, { ...this.#claim, ...end, outputBytes: this.#size });
        return;
      } catch (error) {
        if (!(error instanceof RemoteError) || lastWords.includes(error.code)) throw error;
      }
      await clock.sleep(pauseMs, this.#hurry.signal);
    }
  }

  /** @returns undefined when it could not be started, which was reported. */
  async #start(): Promise<TaskCommand | undefined> {
    const { program, task, type, clock } = this.#options;
    try {
      const args = [...program.args, ...splitParams(task.params)];
      this.#command = await TaskCommand.start({ ...program, args }, task, type, clock);
    } catch (error) {
      // Another try would find the same machine; only what may pass by itself is worth one.
      const mayPass = ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"].includes(systemCode(error) ?? "");
      await this.#fail(new Error(`the command ${program.command} was not started: ${errorText(error)}`), mayPass);
      return undefined;
    }
    // What was said while it was being started.
    if (this.#isLost) this.#command.kill();
    else if (this.#known === "cancel" || this.#isAborted) this.#command.stop(type.cancelGraceMs);
    return this.#command;
  }

  /** The payload, as fast as the command reads it. */
  async #feed({ stdin }: TaskCommand): Promise<void> {
    const { link } = this.#options;
    try {
      for (let [offset, isEnd] = [0, false]; !isEnd && stdin.writable; ) {
        const piece = await link.call(helperPayload, { ...this.#claim, offset });
        const bytes = Buffer.from(piece.bytes, "base64");
        offset += bytes.length;
        isEnd = piece.isEnd;
        if (bytes.length > 0 && !stdin.write(bytes)) await drained(stdin);
      }
      stdin.end();
    } catch {
      // The end of the task says what has become of it.
      stdin.destroy();
    }
  }

  /** The output, as fast as the worker takes it. */
  async #forward(command: TaskCommand): Promise<void> {
    const { link } = this.#options;
    for await (const chunk of untilReleased<Buffer>(command.stdout, command)) {
      await this.#handOn(async () => {
        for (let at = 0; at < chunk.length && !this.#isLost; at += maxPieceBytes) {
          const bytes = chunk.subarray(at, at + maxPieceBytes);
          const { word } = await link.call(helperOutput, {
            ...{ ...this.#claim, offset: this.#size, bytes: bytes.toString("base64") },
          });
          this.#size += bytes.length;
          if (word === "cancel") this.hear(word);
        }
      });
    }
  }

  async #listen(command: TaskCommand, messages: TaskMessages): Promise<void> {
    command.stderr.setEncoding("utf8");
    for await (const text of untilReleased<string>(command.stderr, command))
      await this.#handOn(() => messages.take(text));
  }

  /** Nothing is read of the command meanwhile: that nothing comes says nothing of it. */
  async #handOn(act: () => Promise<void>): Promise<void> {
    this.#isActive = true;
    this.#handing++;
    try {
      await act();
    } finally {
      this.#handing--;
      this.#isActive = true;
    }
  }

  async #tell({ lines, progress }: MessageBatch): Promise<void> {
    const { link } = this.#options;
    if (this.#isLost) return;
    try {
      if (lines.length > 0) await link.call(helperLog, { ...this.#claim, lines: [...lines] }, 1_000);
      if (progress) await link.call(helperProgress, { ...this.#claim, ...progress }, 1_000);
    } catch {
      // Words about a task that is another's, or a worker that is gone: the output's way notices too.
    }
  }

  async #fail(error: Error, retryable: boolean): Promise<void> {
    const { link } = this.#options;
    await link.call(helperFail, { ...this.#claim, error: error.message.slice(0, 2_000), retryable }).catch(() => {});
  }

  #wasActive(): boolean {
    const was = this.#isActive || this.#handing > 0;
    this.#isActive = false;
    return was;
  }
}

/** What comes of an output. One that we gave up on ourselves has ended. */
async function* untilReleased<T>(output: Readable, command: TaskCommand): AsyncGenerator<T> {
  try {
    yield* output as AsyncIterable<T>;
  } catch (error) {
    if (!command.isReleased || systemCode(error) !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
}

/** Room to write again, or nobody who reads. */
async function drained(stdin: Writable): Promise<void> {
  // Closed while its payload was on the way: nothing more will be heard of it.
  if (stdin.destroyed) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stdin.off("drain", go).off("close", go).off("error", go);
      resolve();
    };
    stdin.on("drain", go).on("close", go).on("error", go);
  });
}
