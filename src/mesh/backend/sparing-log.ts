import type { Log } from "#core";

/** Between two warnings of the same place, milliseconds. Strangers can provoke them, and must not fill the disk. */
const everyMs = 1000;
/** The same warning is said again after so long, with how often it was not said. */
const remindMs = 10 * 60_000;
/** Warnings remembered; strangers can make many. */
const maxTexts = 100;

interface Said {
  readonly at: number;
  repeats: number;
}

/** Warns at most once a second, and of the same again only after minutes; what comes between is said at debug. */
export class SparingLog {
  readonly #log: Log;
  readonly #elapsed: () => number;
  readonly #said = new Map<string, Said>();
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param elapsed milliseconds since some fixed moment. */
  constructor(log: Log, elapsed = (): number => performance.now()) {
    this.#log = log;
    this.#elapsed = elapsed;
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    const now = this.#elapsed();
    const key = `${message} ${JSON.stringify(fields)}`;
    const said = this.#said.get(key);
    const isOld = said !== undefined && now - said.at < remindMs;
    if (said && isOld) said.repeats++;
    if (isOld || now - this.#saidAt < everyMs) return this.#log.debug(message, fields);
    this.#saidAt = now;
    // Removed and added again: the first is the one that was said the longest ago.
    this.#said.delete(key);
    this.#said.set(key, { at: now, repeats: 0 });
    for (const oldest of this.#said.keys()) if (this.#said.size > maxTexts) this.#said.delete(oldest);
    this.#log.warn(said && said.repeats > 0 ? `${message} (${said.repeats} more times)` : message, fields);
  }
}
