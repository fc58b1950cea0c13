import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";

const stepMs = 30_000;
/** What every authenticator app can do, and most take for granted (CAT-66). */
const kind = { algorithm: "SHA1", digits: 6, period: stepMs / 1_000 };
const secretBytes = 20;
/** Codes of the step before and after are taken too: clocks differ, and people type slowly. */
const window = 1;

/** 160 bits, as RFC 4226 recommends. */
export function newTotpSecret(): Buffer {
  return randomBytes(secretBytes);
}

/** The secret as people type it where they cannot scan: base32. */
export function totpText(secret: Uint8Array): string {
  return secretOf(secret).base32;
}

/** What the QR code says: `otpauth://totp/…`. It holds the secret. @param account the user's name. */
export function totpUri(secret: Uint8Array, issuer: string, account: string): string {
  return new TOTP({ ...kind, issuer, label: account, secret: secretOf(secret) }).toString();
}

/** The code of the moment. @param now milliseconds since 1970. */
export function totpCode(secret: Uint8Array, now: number): string {
  return TOTP.generate({ ...kind, secret: secretOf(secret), timestamp: now });
}

/**
 * The step (of 30 s since 1970) that `code` belongs to, or undefined when it fits none that counts.
 *
 * @param lastStep the step of the last code that was taken: it and all before are refused, so that nobody uses a code
 *   again who saw it typed. The caller stores the new one, in a way that only one of two at once succeeds.
 */
export function totpStep(secret: Uint8Array, code: string, now: number, lastStep: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const distance = TOTP.validate({ ...kind, secret: secretOf(secret), token: code, timestamp: now, window });
  if (distance === null) return undefined;
  const step = Math.floor(now / stepMs) + distance;
  return step > lastStep ? step : undefined;
}

function secretOf(bytes: Uint8Array): Secret {
  // A copy: a Buffer is a part of a larger piece of memory.
  return new Secret({ buffer: Uint8Array.from(bytes).buffer });
}
