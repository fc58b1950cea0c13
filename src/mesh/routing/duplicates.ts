import type { Log } from "#core";
import type { RoutingUpdate } from "../packet/routing-update.ts";
import type { Environment } from "./environment.ts";

/** A newer node is told of us within that time, however many updates it makes. */
const coalesceMs = 100;
/** And the log is told once in that time. */
const sayAgainMs = 60_000;

export interface DuplicatesOptions {
  readonly ownId: string;
  readonly epoch: bigint;
  readonly environment: Environment;
  readonly log: Log;
  /** Tell all nodes that the one of our id with this epoch shall not be believed. */
  readonly warn: (epoch: bigint) => void;
  /** Another node of our id was there before us: this one must stop. */
  readonly isDuplicate: () => void;
}

/** Two nodes of one id find each other, and the newer one stops (spec §3.6, steps 2 and 3). */
export class Duplicates {
  readonly #options: DuplicatesOptions;
  /** Of a newer node with our id, that is to be told so. */
  #suspectedEpoch = 0n;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(options: DuplicatesOptions) {
    this.#options = options;
  }

  /** An update says it is of our node. Our own come back over every ring. */
  hearOfUs({ updateEpoch, suspectedDuplicate }: RoutingUpdate): void {
    const { ownId, epoch, log, isDuplicate } = this.#options;
    if (updateEpoch === epoch) return;
    if (suspectedDuplicate === epoch) {
      log.error(`We are a duplicate node with ID ${ownId} and will now shut down`);
      isDuplicate();
    } else if (updateEpoch > epoch) {
      this.#sayIt();
      this.#warnSoon(updateEpoch);
    }
  }

  #sayIt(): void {
    const { ownId, environment, log } = this.#options;
    const elapsed = environment.elapsed();
    if (elapsed - this.#saidAt < sayAgainMs) return;
    this.#saidAt = elapsed;
    log.warn(
      `another node uses our ID ${ownId}, and it is newer than this one: or is it we, before the clock was set back?`,
    );
  }

  /** Not for each update of the newer node: everybody can make many. */
  #warnSoon(epoch: bigint): void {
    const isDue = this.#suspectedEpoch !== 0n;
    this.#suspectedEpoch = epoch;
    if (isDue) return;
    this.#options.environment.after(coalesceMs, () => {
      const suspected = this.#suspectedEpoch;
      this.#suspectedEpoch = 0n;
      this.#options.warn(suspected);
    });
  }
}
