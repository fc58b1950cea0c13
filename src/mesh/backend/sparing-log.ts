import type { Log } from "#core";

/** Between two warnings of the same place, milliseconds. Strangers can provoke them, and must not fill the disk. */
const everyMs = 1000;

/** Warns at most once a second; what comes between is said at debug. */
export class SparingLog {
  readonly #log: Log;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    const now = performance.now();
    if (now - this.#saidAt < everyMs) return this.#log.debug(message, fields);
    this.#saidAt = now;
    this.#log.warn(message, fields);
  }
}
