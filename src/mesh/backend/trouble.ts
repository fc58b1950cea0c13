import type { Clock, Log } from "#core";

/** Trouble that lasts is mentioned again after so long, milliseconds. */
const remindMs = 10 * 60_000;

/** What keeps a road from working: said when it comes or changes, and from then on from time to time only. */
export class Trouble {
  readonly #name: string;
  readonly #log: Log;
  readonly #clock: Pick<Clock, "elapsed">;
  #text: string | undefined;
  #saidAt = 0;
  #unsaid = 0;

  /** @param name of the road, for the log. */
  constructor(name: string, log: Log, clock: Pick<Clock, "elapsed">) {
    this.#name = name;
    this.#log = log;
    this.#clock = clock;
  }

  /** What it is now; undefined when nothing is wrong. */
  get text(): string | undefined {
    return this.#text;
  }

  /** It went wrong, for the first time or once more. */
  note(text: string): void {
    const now = this.#clock.elapsed();
    const isOld = text === this.#text && now - this.#saidAt < remindMs;
    const repeats = text === this.#text ? this.#unsaid + 1 : 0;
    this.#text = text;
    this.#unsaid = isOld ? repeats : 0;
    if (isOld) return this.#log.debug(`${this.#name}: ${text}`);
    this.#saidAt = now;
    this.#log.warn(`${this.#name}: ${text}${repeats > 0 ? ` (${repeats} more times)` : ""}`);
  }

  /** It works. @returns whether it did not before. */
  over(): boolean {
    const was = this.#text !== undefined;
    this.#text = undefined;
    this.#unsaid = 0;
    return was;
  }
}
