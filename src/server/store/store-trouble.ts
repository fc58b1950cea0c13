import { type Clock, errorText, type Log, systemClock } from "#core";
import type { ServerError } from "../errors.ts";

/** The same failure is told again after so long. */
const againMs = 10_000;

/** Tells the log how the database fails, in the words of its driver; not of each statement, which may be thousands. */
export class StoreTrouble {
  readonly #log: Pick<Log, "warn">;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #toldAt = new Map<string, number>();

  constructor(log: Pick<Log, "warn">, clock: Pick<Clock, "elapsed"> = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** @returns the failure, to be thrown. */
  told(failure: ServerError): ServerError {
    const { code, cause } = failure;
    const now = this.#clock.elapsed();
    if (now - (this.#toldAt.get(code) ?? Number.NEGATIVE_INFINITY) >= againMs) {
      this.#toldAt.set(code, now);
      this.#log.warn("the database fails", { code, error: errorText(cause) });
    }
    return failure;
  }
}
