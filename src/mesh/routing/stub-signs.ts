import type { Cancel, Environment } from "./environment.ts";
import type { Link } from "./link.ts";

/** Some stubs are looked at this often, milliseconds, and each of them once in a round. */
const lookMs = 250;
const roundMs = 5_000;
/** A stub is given a sign of life when its last one is so old; with the round, every 10 s. */
const oldMs = 9_500;

/**
 * Signs of life of a hub to its stubs. They go out a few at a time: to thousands at once, they would keep everybody else
 * waiting for a second.
 */
export class StubSigns {
  readonly #environment: Environment;
  readonly #sign: (link: Link) => void;
  /** When each got its last one. */
  readonly #signedAt = new Map<Link, number>();
  /** Goes round for ever; those that come and go meanwhile do not disturb it. */
  #round: Iterator<[Link, number]> | undefined;
  #stop: Cancel | undefined;

  constructor(environment: Environment, sign: (link: Link) => void) {
    this.#environment = environment;
    this.#sign = sign;
  }

  /** What it was told when its link came up is as good as a sign. */
  add(link: Link): void {
    this.#signedAt.set(link, this.#environment.elapsed());
    this.#stop ??= this.#environment.every(lookMs, lookMs, () => this.#lookAtSome());
  }

  remove(link: Link): void {
    this.#signedAt.delete(link);
    if (this.#signedAt.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #lookAtSome(): void {
    const elapsed = this.#environment.elapsed();
    for (let left = Math.ceil((this.#signedAt.size * lookMs) / roundMs); left > 0; left--) {
      const [link, signedAt] = this.#next() ?? [];
      if (!link || signedAt === undefined) return;
      // On a road that loses, twice as many must be lost in a row before the stub takes us for dead.
      const isOld = elapsed - signedAt >= (link.road.isReliable ? oldMs : oldMs / 2);
      if (!isOld) continue;
      this.#signedAt.set(link, elapsed);
      this.#sign(link);
    }
  }

  #next(): [Link, number] | undefined {
    const next = this.#round?.next();
    if (next && !next.done) return next.value;
    this.#round = this.#signedAt.entries();
    const first = this.#round.next();
    return first.done ? undefined : first.value;
  }
}
