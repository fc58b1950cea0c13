import { type Clock, errorText, type Log } from "#core";
import { WorkError } from "../errors.ts";
import { encodeNonces, encodeUsed, type NonceBounds, NonceFile, type UsedNonce } from "./nonce-file.ts";
import type { Order } from "./order.ts";
import { refusal } from "./refusals.ts";

/** How far the clocks of two nodes may be apart. */
export const clockSkewMs = 30_000;
/** The longest time between beginning and end of an order. Nonces are remembered that long. */
export const longestWindowMs = 24 * 3_600_000;

export interface NoncesOptions {
  /** Folder of the file; made when it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Most nonces of one key. 100,000 unless set: about 300 orders a second that are valid for five minutes. */
  readonly perKey?: number;
}

/** Few enough that nobody minds reading them. */
const fewLines = 1024;

interface Waiting extends UsedNonce {
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Read what was used before. @throws {WorkError} `STORAGE_FAILED`. */
export async function openNonces(options: NoncesOptions): Promise<Nonces> {
  const nonces = new Nonces(options);
  await nonces.load();
  return nonces;
}

/**
 * Nonces of orders that were taken, so that none is taken twice: across restarts, when the clock is turned back, and when
 * the file was lost or damaged.
 *
 * A nonce is forgotten some time after its order's end. The latest end among those forgotten is remembered, and an
 * order that ends before is refused: no clock can make it valid again.
 */
export class Nonces {
  readonly #file: NonceFile;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #perKey: number;
  readonly #used = new Map<string, Map<string, number>>();
  #bounds: NonceBounds = { forgottenUntil: 0, knownSince: 0 };
  /** No nonce can be forgotten before. */
  #earliestEnd = Number.POSITIVE_INFINITY;
  /** Lines in the file, and how many there may be before it is written anew; -1 when its end is not to be trusted. */
  #lines = 0;
  #mostLines = -1;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /** Use {@link openNonces}. */
  constructor({ folder, clock, log, perKey = 100_000 }: NoncesOptions) {
    this.#file = new NonceFile(folder);
    this.#clock = clock;
    this.#log = log;
    this.#perKey = perKey;
  }

  async load(): Promise<void> {
    const now = this.#clock.now();
    const found = await stored(() => this.#file.read());
    for (const { keyId, nonce, notAfter } of found?.used ?? []) this.#keep(keyId, nonce, notAfter);
    this.#bounds = found?.bounds ?? { forgottenUntil: 0, knownSince: now };
    if (found?.isDamaged) {
      // Some may be missing. Whatever could have been taken until now is refused instead.
      this.#bounds = { ...this.#bounds, knownSince: now + clockSkewMs };
      this.#log.warn("the record of used orders is damaged: orders signed before now are refused");
    }
    await stored(() => this.#rewrite());
  }

  /**
   * Use the nonce of an order, once. When it resolves, the disk knows.
   *
   * @throws {WorkError} `SIGNATURE_REPLAYED`, `ORDERS_EXHAUSTED`, `STORAGE_FAILED`.
   */
  async use({ keyId, nonce, notBefore, notAfter }: Order): Promise<void> {
    if (this.#used.get(keyId)?.has(nonce)) throw refusal("SIGNATURE_REPLAYED", "the order was used before");
    const { forgottenUntil, knownSince } = this.#bounds;
    if (notAfter <= forgottenUntil || notBefore < knownSince)
      throw refusal("SIGNATURE_REPLAYED", `the order cannot be told from one that was used before${this.#clockHint()}`);
    if (this.#isFull(keyId)) {
      this.#forget();
      if (this.#isFull(keyId)) throw refusal("ORDERS_EXHAUSTED", "too many orders of this key are not yet expired");
    }
    // Kept whatever becomes of the write: a second copy of the order must not come through meanwhile, nor afterwards.
    this.#keep(keyId, nonce, notAfter);
    await stored(() => this.#write({ keyId, nonce, notAfter }));
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  /** A record that was kept by a clock far ahead keeps out all orders until then, and nobody would guess why. */
  #clockHint(): string {
    const until = Math.max(this.#bounds.forgottenUntil, this.#bounds.knownSince);
    if (until <= this.#clock.now() + longestWindowMs) return "";
    return `: the record of used orders counts from ${new Date(until).toISOString()}, when this node's clock was ahead`;
  }

  #isFull(keyId: string): boolean {
    return (this.#used.get(keyId)?.size ?? 0) >= this.#perKey;
  }

  #keep(keyId: string, nonce: string, notAfter: number): void {
    const ofKey = this.#used.get(keyId) ?? new Map<string, number>();
    this.#used.set(keyId, ofKey.set(nonce, notAfter));
    this.#earliestEnd = Math.min(this.#earliestEnd, notAfter);
  }

  #forget(): void {
    const gone = this.#clock.now() - clockSkewMs;
    if (this.#earliestEnd >= gone) return;
    let { forgottenUntil } = this.#bounds;
    this.#earliestEnd = Number.POSITIVE_INFINITY;
    for (const [keyId, ofKey] of this.#used) {
      for (const [nonce, notAfter] of ofKey) {
        if (notAfter >= gone) {
          this.#earliestEnd = Math.min(this.#earliestEnd, notAfter);
          continue;
        }
        ofKey.delete(nonce);
        forgottenUntil = Math.max(forgottenUntil, notAfter);
      }
      if (ofKey.size === 0) this.#used.delete(keyId);
    }
    this.#bounds = { ...this.#bounds, forgottenUntil };
  }

  #write(used: UsedNonce): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ ...used, done, failed });
      this.#writing ??= this.#writeRounds();
    });
  }

  /** One flush for all that came while the last one ran. */
  async #writeRounds(): Promise<void> {
    while (this.#waiting.length > 0) {
      const round = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeRound(round);
        for (const { done } of round) done();
      } catch (error) {
        this.#mostLines = -1;
        for (const { failed } of round) failed(error);
      }
    }
    this.#writing = undefined;
  }

  async #writeRound(round: readonly UsedNonce[]): Promise<void> {
    // What is written anew is everything that is kept, so this round is in it.
    if (this.#lines + round.length > this.#mostLines) return this.#rewrite();
    await this.#file.append(encodeUsed(round));
    this.#lines += round.length;
  }

  async #rewrite(): Promise<void> {
    this.#forget();
    const all = [...this.#used].flatMap(([keyId, ofKey]) =>
      Array.from(ofKey, ([nonce, notAfter]) => ({ keyId, nonce, notAfter })),
    );
    await this.#file.replace(encodeNonces(this.#bounds, all));
    this.#lines = all.length;
    this.#mostLines = all.length * 2 + fewLines;
  }
}

async function stored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = errorText(error);
    throw new WorkError("STORAGE_FAILED", `no unit can be stored: used orders cannot be recorded: ${reason}`, {
      cause: error,
    });
  }
}
