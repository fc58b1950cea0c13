import { isJsonObject, type Json } from "#core";

/**
 * What a line of a unit's output says of its progress (docs/wire/progress.md). Members of other names are passed on as they are.
 */
export interface ProgressLine {
  /** Capitals; `PROGRESS` where the line names none. */
  readonly command: string;
  readonly task_id?: string;
  readonly task_state?: string;
  readonly done?: number;
  readonly total?: number;
  readonly text?: string;
  readonly [member: string]: Json | undefined;
}

/** A progress line of an output. */
export interface FoundProgress {
  readonly said: ProgressLine;
  /** Offset of the byte behind the line. */
  readonly end: number;
}

const opening = Buffer.from("::progress ");
/** Longest line with its opening; what is longer is output like any other. */
export const longestProgressLine = 4_096;
/** What only the server says: that a unit has ended is not for its output to say. */
const reserved = new Set(["STATE", "FINISHED"]);
const newline = 0x0a;
const nothing = Buffer.alloc(0);

/**
 * Finds progress lines in an output, however its bytes come in pieces. What is no such line costs a look at its first bytes,
 * and nothing is kept of it.
 */
export class ProgressLines {
  /** Offset of the byte that is wanted next. */
  position: number;
  #begun = nothing;
  /** The line cannot be one any more. */
  #isOther = false;

  /** @param from offset of a line's first byte. */
  constructor(from = 0) {
    this.position = from;
  }

  /** Bytes that stand at {@link position}; the progress lines that became whole by them. */
  take(chunk: Uint8Array): FoundProgress[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const found: FoundProgress[] = [];
    for (let at = 0; at < bytes.length; ) {
      const lineEnd = bytes.indexOf(newline, at);
      const end = lineEnd < 0 ? bytes.length : lineEnd;
      if (!this.#isOther) this.#add(bytes.subarray(at, end));
      at = lineEnd < 0 ? end : end + 1;
      if (lineEnd < 0) break;
      const said = this.#isOther ? undefined : readProgressLine(this.#begun);
      if (said) found.push({ said, end: this.position + at });
      this.#begun = nothing;
      this.#isOther = false;
    }
    this.position += bytes.length;
    return found;
  }

  #add(piece: Buffer): void {
    // Nearly every line ends here.
    if (this.#begun.length === 0 && piece.length > 0 && piece[0] !== opening[0]) {
      this.#isOther = true;
      return;
    }
    const length = this.#begun.length + piece.length;
    const head = Buffer.concat([this.#begun, piece.subarray(0, opening.length)]).subarray(0, opening.length);
    this.#isOther = length > longestProgressLine || !opening.subarray(0, head.length).equals(head);
    this.#begun = this.#isOther ? nothing : Buffer.concat([this.#begun, piece]);
  }
}

/** What a line without its line end says; undefined when it is no progress line, or a broken one. */
export function readProgressLine(line: Buffer): ProgressLine | undefined {
  if (line.length > longestProgressLine || !line.subarray(0, opening.length).equals(opening)) return undefined;
  let said: Json;
  try {
    said = JSON.parse(line.toString("utf8", opening.length)) as Json;
  } catch {
    return undefined;
  }
  if (!isJsonObject(said)) return undefined;
  const { command = "PROGRESS", task_id, task_state, done, total, text } = said;
  if (typeof command !== "string" || !/^[A-Z][A-Z0-9_]{0,31}$/.test(command) || reserved.has(command)) return undefined;
  const isRight = [task_id, task_state, text].every(isText) && [done, total].every(isAmount);
  return isRight ? { ...said, command } : undefined;
}

const isText = (value: unknown): boolean => value === undefined || typeof value === "string";
const isAmount = (value: unknown): boolean =>
  value === undefined || (typeof value === "number" && Number.isFinite(value) && value >= 0);
