import type { Clock } from "#core";

/** Faster than that nobody reads, milliseconds. */
const everyMs = 100;

/** Draws what changes, no more often than ten times a second however often that is: a flood of news must not cost more than a trickle. */
export class PacedDrawing {
  readonly #draw: () => void;
  readonly #clock: Pick<Clock, "sleep">;
  readonly #ended = new AbortController();
  #isDue = false;

  constructor(draw: () => void, clock: Pick<Clock, "sleep">) {
    this.#draw = draw;
    this.#clock = clock;
  }

  /** It is drawn soon, unless it ends before. */
  changed(): void {
    if (this.#isDue || this.#ended.signal.aborted) return;
    this.#isDue = true;
    const draw = (): void => {
      this.#isDue = false;
      if (!this.#ended.signal.aborted) this.#draw();
    };
    this.#clock.sleep(everyMs, this.#ended.signal).then(draw, () => undefined);
  }

  /** Nothing is drawn from now on. */
  end(): void {
    this.#ended.abort();
  }
}
