import type { Clock } from "#core";

/** What a task says besides its output, ready to be sent. */
export interface MessageBatch {
  readonly lines: readonly string[];
  readonly progress: { readonly percent: number; readonly text: string } | undefined;
}

/** Between two batches (CAT-93: four a second). */
const paceMs = 250;
const linesPerBatch = 200;
/** As JSON, where one character can be six bytes: far below what a message may have. */
const batchBytes = 256 * 1024;
/** While so much waits to be sent, nothing more is read of the command. */
const mostLines = 1_000;
const mostLineChars = 4_096;

/**
 * The lines a command logs, gathered and sent at a measured pace. A worker that is slow to take them slows the command:
 * nothing grows here (CAT-93).
 *
 * A line `::progress 40 uploading` is no log but how far the task is.
 */
export class TaskMessages {
  readonly #send: (batch: MessageBatch) => Promise<void>;
  readonly #clock: Clock;
  #lines: string[] = [];
  #progress: MessageBatch["progress"];
  #rest = "";
  #sending: Promise<void> | undefined;

  /** @param send resolves when the worker has taken the batch, or never will. */
  constructor(clock: Clock, send: (batch: MessageBatch) => Promise<void>) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Take what a command has written. Resolves when more may come. */
  async take(text: string): Promise<void> {
    const lines = (this.#rest + text).split("\n");
    // A line without an end is cut: nobody reads lines that long.
    this.#rest = (lines.pop() ?? "").slice(0, mostLineChars);
    for (const line of lines) this.#add(line.slice(0, mostLineChars));
    this.#begin();
    while (this.#lines.length >= mostLines) await this.#sending;
  }

  /** Send what is left. */
  async end(): Promise<void> {
    if (this.#rest !== "") this.#add(this.#rest);
    this.#rest = "";
    this.#begin();
    await this.#sending;
  }

  #add(line: string): void {
    const [, percent, text = ""] = /^::progress (\d{1,3})(?: (.*))?$/.exec(line) ?? [];
    if (percent === undefined) this.#lines.push(line);
    else this.#progress = { percent: Math.min(100, Number(percent)), text: text.slice(0, 500) };
  }

  #begin(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#lines.length > 0 || this.#progress) {
      const [lines, progress] = [this.#lines.splice(0, this.#fitting()), this.#progress];
      this.#progress = undefined;
      await this.#send({ lines, progress });
      await this.#clock.sleep(paceMs);
    }
  }

  /** How many lines go into one batch; always one. */
  #fitting(): number {
    let bytes = 0;
    const tooMany = this.#lines.findIndex((line, at) => {
      bytes += Buffer.byteLength(JSON.stringify(line)) + 1;
      return at === linesPerBatch || (at > 0 && bytes > batchBytes);
    });
    return tooMany < 0 ? this.#lines.length : tooMany;
  }
}
