import { randomBytes } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";

const lifeMs = 60_000;
/** At once for one worker; for one address, behind which many may stand; and for all that no worker has asked for. */
const most = { ofWorker: 8, ofAddress: 1_000, ofStrangers: 20_000 };

/** Who asks for a nonce: a worker that its conversation has proved, or whoever comes from an address. */
export type NonceAsker = { readonly workerId: string } | { readonly address: string };

interface Given {
  readonly until: number;
  readonly asker: string;
}

/**
 * Nonces for registrations: each is good once, for a minute, at the server that gave it. Whoever asks for too many loses
 * the oldest of their own; strangers push out no worker's.
 */
export class Nonces {
  readonly #clock: Pick<Clock, "elapsed">;
  /** The oldest first, as in all of these. */
  readonly #given = new Map<string, Given>();
  readonly #ofAsker = new Map<string, Set<string>>();
  readonly #ofStrangers = new Set<string>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  /** 256 random bits, base64url. */
  give(asker: NonceAsker): string {
    this.#forgetOld();
    const isWorker = "workerId" in asker;
    const name = isWorker ? `worker ${asker.workerId}` : `address ${asker.address}`;
    this.#makeRoom(this.#ofAsker.get(name), isWorker ? most.ofWorker : most.ofAddress);
    if (!isWorker) this.#makeRoom(this.#ofStrangers, most.ofStrangers);
    const nonce = randomBytes(32).toString("base64url");
    this.#given.set(nonce, { until: this.#clock.elapsed() + lifeMs, asker: name });
    this.#ofAsker.set(name, (this.#ofAsker.get(name) ?? new Set()).add(nonce));
    if (!isWorker) this.#ofStrangers.add(nonce);
    return nonce;
  }

  /** @throws {ServerError} REGISTRATION_NONCE. */
  take(nonce: string): void {
    const until = this.#given.get(nonce)?.until;
    this.#forget(nonce);
    if (until === undefined || until <= this.#clock.elapsed())
      throw new ServerError("REGISTRATION_NONCE", "the nonce is unknown, used or too old: ask for another one");
  }

  #forgetOld(): void {
    const now = this.#clock.elapsed();
    for (const [nonce, { until }] of this.#given) {
      if (until > now) return;
      this.#forget(nonce);
    }
  }

  #makeRoom(among: ReadonlySet<string> | undefined, limit: number): void {
    if (!among || among.size < limit) return;
    const [oldest] = among;
    if (oldest !== undefined) this.#forget(oldest);
  }

  #forget(nonce: string): void {
    const given = this.#given.get(nonce);
    if (!given) return;
    this.#given.delete(nonce);
    this.#ofStrangers.delete(nonce);
    const own = this.#ofAsker.get(given.asker);
    own?.delete(nonce);
    if (own?.size === 0) this.#ofAsker.delete(given.asker);
  }
}
