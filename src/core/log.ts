/** What a room needs of a log. Levels and their names are Receptor's (spec §5.3). */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A log for tests and for programs that keep quiet. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Receptor's names of levels; `warning` is pino's `warn`. */
export type LogLevel = "error" | "warning" | "info" | "debug";
/** `receptor` writes `LEVEL yyyy/mm/dd hh:mm:ss message` in local time (spec §5.3). */
export type LogFormat = "receptor" | "json" | "pretty";

/**
 * A log on standard output; what writes it is loaded now.
 *
 * Lines are written at once: what a daemon says just before it is killed is what one wants to read. An output that takes
 * no more costs lines, never the daemon; they are counted, and told once it takes lines again.
 */
export async function openLog(level: LogLevel, format: LogFormat): Promise<Log> {
  return await (await import("./pino-log.ts")).openLog(level, format);
}
