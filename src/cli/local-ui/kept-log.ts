import { type FileHandle, open } from "node:fs/promises";
import { isJsonObject, type Json, type JsonObject, systemCode } from "#core";
import { CliError } from "../errors.ts";
import { logFile, systemUnit } from "./local-service.ts";
import type { LocalWorker } from "./local-worker.ts";

/** As much as a worker that runs keeps of it. */
const maxBytes = 128 * 1024;
const maxLines = 500;
const maxLineChars = 4 * 1024;

/** A line as the live log tells it; what is not the worker's own writing (a crash of its program) has no time. */
export interface KeptLine {
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly at?: number;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields?: JsonObject;
}

/** The end of the log of a worker that was started by these pages. */
export interface KeptLog {
  /** The file, or the command that shows it where these pages do not read it. */
  readonly place: string;
  /** When it was written last, milliseconds since 1970; absent: there is none. */
  readonly writtenAt?: number;
  readonly lines: readonly KeptLine[];
}

/** @throws {CliError} LOCAL_INVALID: it is there and cannot be read. */
export async function keptLog(worker: LocalWorker): Promise<KeptLog> {
  // Behind the back of a root process nothing is read (CAT-30), and the journal has it.
  if (worker.mode !== "session") return { place: `journalctl -u ${systemUnit}`, lines: [] };
  const place = logFile(worker);
  try {
    await using file = await open(place, "r");
    const { mtimeMs } = await file.stat();
    return { place, writtenAt: Math.floor(mtimeMs), lines: linesOf(await endOf(file)) };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { place, lines: [] };
    throw new CliError("LOCAL_INVALID", `the log ${place} cannot be read: ${(error as Error).message}`, {
      cause: error,
      remedy: `look at the owner and the permissions of ${place}`,
    });
  }
}

/** Whole lines alone: where it begins in the middle of one, that one is left out. */
async function endOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const start = Math.max(0, size - maxBytes);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, maxBytes)), 0, undefined, start);
  const text = buffer.toString("utf8", 0, bytesRead);
  return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
}

/** The last lines of a text that a worker has written. Never throws. */
export function linesOf(text: string): KeptLine[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-maxLines).map((line, index) => ({ n: index + 1, ...lineOf(line) }));
}

const levels = new Map<unknown, KeptLine["level"]>([
  ["warning", "warn"],
  ["error", "error"],
]);

function lineOf(line: string): Omit<KeptLine, "n"> {
  const told = objectIn(line);
  const { level, time, msg, ...fields } = told ?? {};
  if (typeof msg !== "string") return { level: "info", message: line.slice(0, maxLineChars) };
  return {
    ...(typeof time === "number" && { at: time }),
    level: levels.get(level) ?? "info",
    message: msg.slice(0, maxLineChars),
    ...(Object.keys(fields).length > 0 && { fields }),
  };
}

function objectIn(line: string): JsonObject | undefined {
  try {
    const value = JSON.parse(line) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
