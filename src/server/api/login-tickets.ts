import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";

const lifeMs = 5 * 60_000;
const algorithm = "aes-256-gcm";

/** What was right about a login that still needs its code. */
export interface FirstStep {
  readonly name: string;
  readonly password: string;
}

/**
 * Tickets between the two steps of a login. The client holds what it has already shown, sealed with a key that only this
 * process has: nothing waits here, however many begin. The password is looked at again with the code, for it may have been
 * changed meanwhile.
 */
export class LoginTickets {
  readonly #key = randomBytes(32);
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  give(step: FirstStep): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv(algorithm, this.#key, nonce);
    const text = JSON.stringify({ ...step, until: this.#clock.now() + lifeMs });
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  }

  /** @throws {ServerError} LOGIN_REFUSED when it is none of ours, or too old. */
  open(ticket: string): FirstStep {
    const { name, password, until } = this.#opened(Buffer.from(ticket, "base64url"));
    if (this.#clock.now() >= until) throw refused();
    return { name, password };
  }

  #opened(sealed: Buffer): FirstStep & { readonly until: number } {
    try {
      const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(sealed.subarray(-16));
      const text = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString();
      return JSON.parse(text) as FirstStep & { readonly until: number };
    } catch {
      throw refused();
    }
  }
}

const refused = (): ServerError => new ServerError("LOGIN_REFUSED", "the login took too long; begin again");
