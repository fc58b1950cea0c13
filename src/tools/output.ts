import { fstatSync, ftruncateSync, writeSync } from "node:fs";
import { errorText, type JsonObject, systemCode } from "#core";
import { ToolError } from "./errors.ts";

/** Writes results straight to a descriptor: what is written is the disk's, whatever becomes of us. */
export class ToolOutput {
  readonly #fd: number;
  readonly #most: number;
  #written = 0;

  /** @param most bytes that may be written. */
  constructor(fd: number, most: number) {
    this.#fd = fd;
    this.#most = most;
  }

  /** @throws {ToolError} `OUTPUT_FAILED`. */
  line(value: JsonObject): void {
    this.bytes(Buffer.from(`${JSON.stringify(value)}\n`));
  }

  /** @throws {ToolError} `OUTPUT_FAILED`; `BUDGET_EXCEEDED` when it would be more than may be, and then nothing of it is written. */
  bytes(value: Uint8Array): void {
    if (this.#written + value.length > this.#most)
      throw new ToolError(
        "BUDGET_EXCEEDED",
        `the result is longer than the ${this.#most} bytes that this worker allows`,
      );
    for (let at = 0; at < value.length; ) at += this.#write(value.subarray(at));
  }

  #write(rest: Uint8Array): number {
    try {
      const count = writeSync(this.#fd, rest);
      this.#written += count;
      return count;
    } catch (error) {
      if (systemCode(error) === "EAGAIN" || systemCode(error) === "EINTR") return 0;
      throw new ToolError("OUTPUT_FAILED", `the result cannot be written: ${errorText(error)}`, { cause: error });
    }
  }
}

/** Of the log, for its last words. */
const keptForNotes = 32_768;

/** Lines for people on a descriptor that appends, the log of the unit: no more than a fair share of its disk. */
export class ToolLog {
  readonly #fd: number;
  #left = 65_536;
  /** Where the last line of progress begins and ends. */
  #progress = { from: 0, to: -1 };

  constructor(fd: number) {
    this.#fd = fd;
    // The disk gives a whole block for it, in which there is room for last words once the disk is full.
    this.note("");
  }

  /** A line, without what could move a terminal's cursor. On a full disk it may be lost; the exit code is not. */
  note(text: string): void {
    const line = lineOf(text);
    this.#left -= line.length;
    if (this.#left < 0) return;
    try {
      writeSync(this.#fd, line);
    } catch {
      // Nobody is there to tell.
    }
  }

  /** How far it is. The next such line takes its place, unless something else was said in between. */
  progress(text: string): void {
    const line = lineOf(text);
    try {
      const { size } = fstatSync(this.#fd);
      const { from, to } = this.#progress;
      if (size === to) ftruncateSync(this.#fd, from);
      else if (this.#left - line.length < keptForNotes) return;
      else this.#left -= line.length;
      writeSync(this.#fd, line);
      const begin = size === to ? from : size;
      this.#progress = { from: begin, to: begin + line.length };
    } catch {
      // Whoever wants to know is told at the end.
    }
  }
}

function lineOf(text: string): Buffer {
  const shown = text
    .replaceAll(/\p{C}+/gu, " ")
    .trim()
    .slice(0, 2_000);
  return Buffer.from(`${shown}\n`);
}
