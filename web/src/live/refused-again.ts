const firstPauseMs = 5_000;
const longestPauseMs = 120_000;

/**
 * Asks again for what was refused, as long as it is: rights may be given at any time, and nobody tells who had none. The
 * pauses double, so that a page that is left open asks a server for little.
 */
export class RefusedAgain {
  /** When it is asked next, by the clock of this machine; undefined: nothing is refused. */
  at: number | undefined;
  readonly #ask: () => void;
  #pauseMs = firstPauseMs;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** @param isRefused whether something is, now. */
  look(isRefused: boolean): void {
    if (isRefused && this.at === undefined) this.#plan();
    else if (!isRefused && this.at !== undefined) this.close();
  }

  /** Ask at once, and begin with short pauses again. */
  now(): void {
    if (this.at === undefined) return;
    this.#pauseMs = firstPauseMs;
    this.#act();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.at = undefined;
    this.#pauseMs = firstPauseMs;
  }

  #plan(): void {
    clearTimeout(this.#timer);
    this.at = Date.now() + this.#pauseMs;
    this.#timer = setTimeout(() => this.#act(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
  }

  /** The answer stops it, if it is another one. */
  #act(): void {
    this.#plan();
    this.#ask();
  }
}
