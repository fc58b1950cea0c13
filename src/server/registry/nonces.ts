import { randomBytes } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";

const lifeMs = 60_000;
const maxNonces = 20_000;

/** Nonces for registrations: each is good once, for a minute, at the server that gave it. */
export class Nonces {
  readonly #clock: Pick<Clock, "elapsed">;
  /** To when each is good; the oldest first. */
  readonly #given = new Map<string, number>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  /** 256 random bits, base64url. When too many are on their way the oldest is worth nothing any more. */
  give(): string {
    this.#forget();
    const nonce = randomBytes(32).toString("base64url");
    this.#given.set(nonce, this.#clock.elapsed() + lifeMs);
    return nonce;
  }

  /** @throws {ServerError} REGISTRATION_NONCE. */
  take(nonce: string): void {
    const until = this.#given.get(nonce);
    this.#given.delete(nonce);
    if (until === undefined || until <= this.#clock.elapsed())
      throw new ServerError("REGISTRATION_NONCE", "the nonce is unknown, used or too old: ask for another one");
  }

  #forget(): void {
    const now = this.#clock.elapsed();
    for (const [nonce, until] of this.#given) {
      if (until > now && this.#given.size < maxNonces) return;
      this.#given.delete(nonce);
    }
  }
}
