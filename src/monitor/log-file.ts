import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { errorText, type Log } from "#core";
import { MonitorError } from "./errors.ts";

/** The original's levels, the least important first. */
export const logLevels = ["debug", "info", "warning", "error", "critical"] as const;
export type MonitorLogLevel = (typeof logLevels)[number];

export interface LogFileSettings {
  readonly file: string;
  readonly level: MonitorLogLevel;
  /** Bytes a file may have; 0 is any number. */
  readonly maxSize: number;
  /** Old files that are kept; with 0 there is only ever one, of any size. */
  readonly rotations: number;
}

/** A log that knows what would be left out, so that a line nobody wants is not made. */
export interface MonitorLog extends Log {
  readonly isDebug: boolean;
  /** A line that shows at every level. */
  critical(message: string): void;
  close(): void;
}

/** A line is cut: what strangers say is in some of them. */
const longestLine = 2_000;

/**
 * The original's log: one file, `[YYYY-MM-DD HH:MM:SS,mmm] [recodex-monitor] [LEVEL] text`, local time; when a line would make
 * it too long it becomes `.1`, `.1` becomes `.2`, up to the number of rotations (ReCodEx specification §4). Lines of one turn
 * are written together. A disk that takes no more costs lines, never the monitor; how many is told in the next one.
 *
 * @throws {MonitorError} `MONITOR_LOG_FAILED`
 */
export function openLogFile(settings: LogFileSettings, now: () => Date = () => new Date()): MonitorLog {
  const file = new RotatingFile(settings);
  const least = logLevels.indexOf(settings.level);
  const write = (level: MonitorLogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    if (logLevels.indexOf(level) < least) return;
    file.add(`[${localTime(now())}] [recodex-monitor] [${level.toUpperCase()}] ${lineOf(message, fields)}\n`);
  };
  return {
    isDebug: least === 0,
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warning", message, fields),
    error: (message, fields) => write("error", message, fields),
    critical: (message) => write("critical", message),
    close: () => file.close(),
  };
}

class RotatingFile {
  readonly #settings: LogFileSettings;
  #fd: number;
  #size: number;
  #lines: string[] = [];
  #lost = 0;

  constructor(settings: LogFileSettings) {
    this.#settings = settings;
    [this.#fd, this.#size] = opened(settings.file);
  }

  add(line: string): void {
    if (this.#lines.push(line) === 1) setImmediate(() => this.#flush());
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    const lines = this.#lines;
    this.#lines = [];
    let text = "";
    for (const line of lines) {
      if (this.#isFull(text.length + line.length)) {
        this.#write(text);
        text = "";
        this.#rotate();
      }
      text += line;
    }
    this.#write(text);
  }

  #isFull(more: number): boolean {
    const { maxSize, rotations } = this.#settings;
    return maxSize > 0 && rotations > 0 && this.#size > 0 && this.#size + more > maxSize;
  }

  #write(text: string): void {
    if (text === "") return;
    try {
      const told = this.#lost > 0 ? `${this.#lost} bytes of this log could not be written\n` : "";
      this.#size += writeSync(this.#fd, told + text);
      this.#lost = 0;
    } catch {
      this.#lost += text.length;
    }
  }

  /** A file that cannot be moved out of the way is written on. */
  #rotate(): void {
    const { file, rotations } = this.#settings;
    try {
      for (let n = rotations - 1; n >= 1; n--) moved(`${file}.${n}`, `${file}.${n + 1}`);
      moved(file, `${file}.1`);
      const fresh = opened(file);
      closeSync(this.#fd);
      [this.#fd, this.#size] = fresh;
    } catch {
      this.#size = 0;
    }
  }
}

function moved(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Never through a link: the default stands in a folder where everybody may leave one. */
function opened(path: string): [fd: number, size: number] {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
  try {
    const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o640);
    const stat = fstatSync(fd);
    if (stat.isFile()) return [fd, stat.size];
    closeSync(fd);
  } catch (error) {
    throw new MonitorError("MONITOR_LOG_FAILED", `logger.file: ${errorText(error)}`, { cause: error });
  }
  throw new MonitorError("MONITOR_LOG_FAILED", `logger.file: ${path} is no plain file`);
}

/** One line, whatever is in it. */
function lineOf(message: string, fields: Readonly<Record<string, unknown>>): string {
  const more = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`,
  );
  return `${message}${more.join("")}`
    .slice(0, longestLine)
    .replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function localTime(at: Date): string {
  const two = (n: number, digits = 2): string => String(n).padStart(digits, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => two(n)).join(":");
  return `${day} ${time},${two(at.getMilliseconds(), 3)}`;
}
