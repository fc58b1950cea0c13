import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What every authenticator app can do, and most take for granted: RFC 6238 with SHA-1, 30 s, six digits (CAT-66). */
const stepMs = 30_000;
const digits = 6;
const secretBytes = 20;
/** Codes of the step before and after are taken too: clocks differ, and people type slowly. */
const window = [0, -1, 1];
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** 160 bits, as RFC 4226 recommends. */
export function newTotpSecret(): Buffer {
  return randomBytes(secretBytes);
}

/** The secret as people type it where they cannot scan: base32 (RFC 4648), without padding. */
export function totpText(secret: Uint8Array): string {
  const bits = Array.from(secret, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const fives = bits.match(/.{1,5}/g) ?? [];
  return fives.map((five) => base32[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

/** What the QR code says: `otpauth://totp/…`. It holds the secret. @param account the user's name. */
export function totpUri(secret: Uint8Array, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const period = String(stepMs / 1_000);
  const fields = { issuer, secret: totpText(secret), algorithm: "SHA1", digits: String(digits), period };
  const query = Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `otpauth://totp/${label}?${query.join("&")}`;
}

/** The code of the moment. @param now milliseconds since 1970. */
export function totpCode(secret: Uint8Array, now: number): string {
  return codeOf(secret, Math.floor(now / stepMs));
}

/**
 * The step (of 30 s since 1970) that `code` belongs to, or undefined when it fits none that counts.
 *
 * @param lastStep the step of the last code that was taken: it and all before are refused, so that nobody uses a code
 *   again who saw it typed. The caller stores the new one, in a way that only one of two at once succeeds.
 */
export function totpStep(secret: Uint8Array, code: string, now: number, lastStep: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const given = Buffer.from(code);
  const at = Math.floor(now / stepMs);
  const fitting = window.map((distance) => at + distance).filter((step) => fits(codeOf(secret, step), given));
  return fitting.find((step) => step > lastStep);
}

function fits(code: string, given: Buffer): boolean {
  return timingSafeEqual(Buffer.from(code), given);
}

/** HOTP (RFC 4226): the MAC's last four bits say which 31 bits of it are the code. */
function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.max(0, step)));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const at = mac.readUInt8(mac.length - 1) & 0xf;
  const number = mac.readUInt32BE(at) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}
