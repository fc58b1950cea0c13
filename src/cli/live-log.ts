import { type Log, type LogFormat, type LogLevel, openLog } from "#core";

/** How a log is written. */
export interface LogForm {
  readonly level: LogLevel;
  readonly format: LogFormat;
}

/** A log that is written another way from one line to the next, for configurations that change while a worker runs (CAT-5). */
export interface LiveLog extends Log {
  /** From the moment on at which this resolves. */
  become(form: LogForm): Promise<void>;
}

/** @param open makes the log of a form; on standard output unless tests have their own. */
export async function liveLog(
  first: LogForm,
  open: (level: LogLevel, format: LogFormat) => Promise<Log> = openLog,
): Promise<LiveLog> {
  let form = first;
  let log = await open(first.level, first.format);
  return {
    debug: (...line) => log.debug(...line),
    info: (...line) => log.info(...line),
    warn: (...line) => log.warn(...line),
    error: (...line) => log.error(...line),
    async become(next) {
      if (next.level === form.level && next.format === form.format) return;
      const made = await open(next.level, next.format);
      form = next;
      log = made;
    },
  };
}
