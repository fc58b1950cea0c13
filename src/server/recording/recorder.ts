import { errorText, type Log } from "#core";
import { ServerError } from "../errors.ts";
import type { RecordingEvent, RecordingHead } from "./events.ts";
import type { RecordingWriter } from "./recording-file.ts";

/** Longer chunks are written in parts, bytes. */
const maxEventBytes = 64 * 1024;
/** For what a record has around its bytes, a mark of what is missing, and the end, bytes: none of them makes a file too long. */
const keptFree = 1_024;

export interface RecorderOptions {
  readonly head: RecordingHead;
  /** Undefined: the file could not be made, and the stream goes on without. */
  readonly writer: RecordingWriter | undefined;
  /** Milliseconds since the recording began. */
  readonly elapsed: () => number;
  /** Of its file, whole: one stream must not take all the room that there is, and a longer file is removed as too much. */
  readonly maxBytes: number;
  /** There is more to read. */
  readonly added: () => void;
  readonly log: Pick<Log, "warn">;
}

/** Records one stream, before what crosses is passed on: what somebody has seen is in the recording (CAT-122). */
export class Recorder {
  readonly #options: RecorderOptions;
  #missed = 0;
  #missedInAll = 0;
  #isOver = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Bytes that crossed and are not in it. */
  get missedBytes(): number {
    return this.#missedInAll;
  }

  /**
   * @throws {ServerError} RECORDING_FAILED, where it is strict, and behind the end always: the bytes must not be passed on
   * then. So do the others.
   */
  async output(bytes: Uint8Array): Promise<void> {
    await this.#addBytes("output", bytes);
  }

  async input(bytes: Uint8Array): Promise<void> {
    await this.#addBytes("input", bytes);
  }

  async resized({ rows, columns }: { readonly rows: number; readonly columns: number }): Promise<void> {
    await this.#add({ kind: "size", at: this.#options.elapsed(), rows, columns }, 0);
  }

  /** The last word; the stream is over, and so nothing can fail any more. */
  async end(why: string): Promise<void> {
    const ending = this.#add({ kind: "end", at: this.#options.elapsed(), why }, 0);
    this.#isOver = true;
    await ending.catch(() => {});
  }

  async #addBytes(kind: "output" | "input", bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += maxEventBytes) {
      const part = bytes.subarray(at, at + maxEventBytes);
      await this.#add({ kind, at: this.#options.elapsed(), bytes: part }, part.length);
    }
  }

  /** One after another, in the order in which they are said. */
  async #add(event: RecordingEvent, bytes: number): Promise<void> {
    // One direction may still be in the middle of a long chunk when the other one ends the stream.
    if (this.#isOver) throw new ServerError("RECORDING_FAILED", "the recording of the stream is over");
    const adding = this.#writing.then(() => this.#write(event, bytes));
    this.#writing = adding.catch(() => {});
    await adding;
  }

  async #write(event: RecordingEvent, bytes: number): Promise<void> {
    const { writer, added, head, log, maxBytes } = this.#options;
    try {
      if (!writer) throw new Error("there is no file");
      if (event.kind !== "end" && writer.size + bytes + keptFree > maxBytes)
        throw new Error("it would be longer than all may be together");
      if (this.#missed > 0) await writer.add({ kind: "gap", at: event.at, bytes: this.#missed });
      this.#missed = 0;
      await writer.add(event);
      added();
    } catch (error) {
      if (this.#missedInAll === 0) log.warn(`recording ${head.id} cannot be written`, { error: errorText(error) });
      this.#missed += bytes;
      this.#missedInAll += bytes;
      if (head.mode === "strict")
        throw new ServerError("RECORDING_FAILED", "the stream is recorded, and that cannot be written: it ends", {
          cause: error,
        });
    }
  }
}
