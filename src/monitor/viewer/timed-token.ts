import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "#core";

/**
 * A token that opens one channel for a while: when it ends (seconds since 1970), a dot, and the HMAC-SHA-256 of the channel's id,
 * a line end and that number, base64url.
 */
export function timedToken(secret: Secret, channel: string, expiresAt: number): string {
  const mac = createHmac("sha256", secret.reveal()).update(`${channel}\n${expiresAt}`).digest("base64url");
  return `${expiresAt}.${mac}`;
}

/** Compared in the same time whatever is wrong with it. @param now seconds since 1970. */
export function isTimedToken(secret: Secret, channel: string, token: string | undefined, now: number): boolean {
  const digits = /^\d{1,12}(?=\.)/.exec(token ?? "")?.[0];
  if (digits === undefined || Number(digits) <= now) return false;
  const right = Buffer.from(timedToken(secret, channel, Number(digits)));
  const given = Buffer.from(token ?? "");
  return given.length === right.length && timingSafeEqual(given, right);
}
