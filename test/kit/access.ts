import { type Access, type AccessOptions, accessOver } from "../../src/server/auth/access.ts";
import { Passwords } from "../../src/server/auth/passwords.ts";
import { sealWith } from "../../src/server/auth/seal.ts";
import type { Store } from "../../src/server/store/store.ts";

/** A password that may be used, for users of tests. */
export const goodPassword = "a horse in the corridor";

/** Users and access over a store, with cheap hashes and a clock that the test turns: `clock.at` is now. */
export interface TestAccess extends Access {
  readonly clock: { at: number; now(): number };
}

export function testAccess(store: Store, options: Partial<AccessOptions> = {}): TestAccess {
  const clock = {
    at: Date.UTC(2030, 0, 1),
    now(): number {
      return this.at;
    },
  };
  const passwords = new Passwords({ memoryCost: 256, timeCost: 1, parallelism: 1 });
  return { ...accessOver({ store, seal: sealWith(new Uint8Array(32).fill(7)), clock, passwords, ...options }), clock };
}

/** The bytes that authenticator apps are told in base32. */
export function unbase32(text: string): Buffer {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(text, (letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
