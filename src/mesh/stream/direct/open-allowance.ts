import type { DirectLimits } from "./limits.ts";

/** What is to become of an open that came. */
export type OpenVerdict = "take" | "refuse" | "cut";

/**
 * How often a neighbour may ask for streams: each costs this node far more than it costs the neighbour to ask and take
 * it back. Beyond that it is refused, and who goes on asking twice as much is cut.
 */
export class OpenAllowance {
  readonly #limits: Pick<DirectLimits, "opensAtOnce" | "opensPerSecond">;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now milliseconds, only growing. */
  constructor(limits: Pick<DirectLimits, "opensAtOnce" | "opensPerSecond">, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#left = limits.opensAtOnce;
    this.#at = now();
  }

  /** One open came. */
  spend(): OpenVerdict {
    const { opensAtOnce, opensPerSecond } = this.#limits;
    const now = this.#now();
    this.#left = Math.min(opensAtOnce, this.#left + ((now - this.#at) / 1000) * opensPerSecond) - 1;
    this.#at = now;
    if (this.#left >= 0) return "take";
    return this.#left >= -opensAtOnce ? "refuse" : "cut";
  }
}
