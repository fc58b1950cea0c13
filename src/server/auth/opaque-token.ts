import { createHash, randomBytes } from "node:crypto";

/** How a credential begins, so that people and scanners of leaked secrets know what they have found. */
export const tokenPrefixes = { session: "fhs_", api: "fht_", recovery: "fhr_" } as const;

/** 256 random bits that mean nothing by themselves (CAT-65). */
export function newToken(kind: keyof typeof tokenPrefixes): string {
  return tokenPrefixes[kind] + randomBytes(32).toString("base64url");
}

/** Whether `text` looks like a token of this kind; anything else is not looked up. */
export function isToken(kind: keyof typeof tokenPrefixes, text: string): boolean {
  return text.startsWith(tokenPrefixes[kind]) && /^[\w-]{47}$/.test(text);
}

/**
 * What is stored of a token, and by what it is looked up: SHA-256, hex.
 *
 * Of 256 random bits nobody guesses any, so a fast hash does. What a comparison's time could tell is about the hash.
 */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
