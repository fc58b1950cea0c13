import { isJsonObject, type Json, type JsonObject, LineReader } from "#core";

/** A tool that writes a longer line is none of ours. */
const maxLineBytes = 1024 * 1024;

/** The stdout of tools as JSON objects, as their bytes come, of several workers at once. What is none is passed over. */
export class ToolLines {
  readonly #readers = new Map<string, LineReader>();

  /** Bytes that a worker's tool wrote next; the lines that became whole by them. */
  take(worker: string, chunk: Uint8Array): JsonObject[] {
    const reader = this.#readers.get(worker) ?? new LineReader(maxLineBytes);
    this.#readers.set(worker, reader);
    reader.push(chunk);
    const lines: JsonObject[] = [];
    for (let line = reader.next(); line !== undefined; line = reader.next()) {
      const value = parsed(line.toString("utf8"));
      if (isJsonObject(value)) lines.push(value);
    }
    return lines;
  }
}

/**
 * A line with its worker, as `--json` prints it. Which worker it is we know, whatever the line says; and JSON leaves the control
 * characters above ASCII as they are, by which a terminal can be steered as well.
 */
export function jsonLine(worker: string, line: JsonObject): string {
  const { worker: _, ...rest } = line;
  const steering = /[\u007f-\u009f]/g;
  const escaped = (one: string): string => `\\u00${one.charCodeAt(0).toString(16)}`;
  return JSON.stringify({ worker, ...rest }).replaceAll(steering, escaped);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
