import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, errorText, type Log, systemClock } from "#core";

/** Beyond it nothing can be newer: an epoch has 64 bits, the lower 24 of which are drawn by lot. */
const most = 2n ** 63n;

/**
 * The epoch of the newest start of a node, kept in its data folder. Other nodes believe only one that is newer than the
 * last they heard of (spec §3.6), and the clock alone cannot promise that: it may have been set back since.
 */
export class LastEpoch {
  readonly #folder: string;
  readonly #log: Log;
  readonly #clock: Pick<Clock, "now">;

  constructor(dataDir: string, nodeId: string, log: Log, clock: Pick<Clock, "now"> = systemClock) {
    this.#folder = join(dataDir, ".farhand", nodeId);
    this.#log = log;
    this.#clock = clock;
  }

  /** Undefined at the first start, and when the file cannot be used: then the clock must do. */
  read(): bigint | undefined {
    try {
      const text = readFileSync(this.#path, "utf8").trim();
      const epoch = /^\d{1,20}$/.test(text) ? BigInt(text) : most;
      if (epoch < most) return epoch;
      this.#log.warn(`${this.#path} holds no epoch, and is ignored`);
    } catch {
      // There is none yet, or the folder is out of order, which others will say better.
    }
    return undefined;
  }

  /** Before anybody is told of it. */
  write(epoch: bigint): void {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${this.#path}.new`, `${epoch}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      // The node works all the same, as long as its clock is not set back.
      this.#log.warn(`the epoch of this start cannot be kept: ${errorText(error)}`);
    }
  }

  /** The start is over: the next one shall be newer than all that was said until now. */
  end(epoch: bigint): void {
    const now = BigInt(Math.floor(this.#clock.now() / 1000)) << 24n;
    this.write(now > epoch ? now : epoch);
  }

  get #path(): string {
    return join(this.#folder, "epoch");
  }
}
