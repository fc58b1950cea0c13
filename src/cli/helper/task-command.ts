import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type Clock, systemCode } from "#core";
import type { HelperTask, HelperWelcome } from "#fleet";
import { type CommandEnd, spawnWatched, type WatchedCommand } from "./watched-end.ts";

/** What stays behind a command and holds its output open, outside its process group, is waited for so long. */
const silentMs = 5_000;

/** What runs for each task. */
export interface TaskProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/** The command of one task, in a process group of its own. */
export class TaskCommand {
  readonly #child: ChildProcess;
  readonly #group: number;
  readonly #clock: Clock;
  readonly #ended: Promise<CommandEnd>;
  readonly #gone = new AbortController();
  #stopping = false;
  #isReleased = false;

  /** Use {@link start}. */
  constructor({ child, group, ended }: WatchedCommand, clock: Clock) {
    this.#child = child;
    this.#group = group;
    this.#clock = clock;
    this.#ended = ended.then((end) => {
      this.#gone.abort();
      // The whole group ends with its command: what it left could write into what is over.
      this.#signal("SIGKILL");
      return end;
    });
  }

  /** @throws the system error when it cannot be started. */
  static async start(
    { command, args }: TaskProgram,
    task: Pick<HelperTask, "task" | "attempt">,
    { user }: Pick<HelperWelcome["types"][number], "user">,
    clock: Clock,
  ): Promise<TaskCommand> {
    const watched = await spawnWatched({
      argv: [command, ...args],
      env: { ...process.env, FARHAND_TASK: task.task, FARHAND_ATTEMPT: String(task.attempt) },
      user: process.getuid?.() === 0 ? user : undefined,
    });
    return new TaskCommand(watched, clock);
  }

  /** Each to be read to its end. */
  get stdout(): Readable {
    return this.#child.stdout as Readable;
  }

  get stderr(): Readable {
    return this.#child.stderr as Readable;
  }

  /** A command may end, or close it, before it has read its payload. */
  get stdin(): Writable {
    return this.#child.stdin as Writable;
  }

  get ended(): Promise<CommandEnd> {
    return this.#ended;
  }

  /** Whether it was told to stop. */
  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Whether {@link releaseOutput} has given up on its output: that closes before its end then. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** SIGTERM to its process group, the grace, then SIGKILL (CAT-90). */
  stop(graceMs: number): void {
    if (this.#stopping || this.#gone.signal.aborted) return;
    this.#stopping = true;
    this.#signal("SIGTERM");
    void this.#clock.sleep(graceMs, this.#gone.signal).then(
      () => this.#signal("SIGKILL"),
      () => {},
    );
  }

  /** SIGKILL now. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /**
   * After its end, give up on output that somebody outside its group holds open and writes nothing to.
   *
   * @param isActive whether something came since it was asked last, or is still being handed on. @param signal fires when all has been read.
   */
  async releaseOutput(isActive: () => boolean, signal: AbortSignal): Promise<void> {
    await this.#ended;
    do await this.#clock.sleep(silentMs, signal).catch(() => undefined);
    while (!signal.aborted && isActive());
    this.#isReleased = true;
    this.stdout.destroy();
    this.stderr.destroy();
  }

  #signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.#group, name);
    } catch (error) {
      if (systemCode(error) !== "ESRCH" && systemCode(error) !== "EPERM") throw error;
    }
  }
}
