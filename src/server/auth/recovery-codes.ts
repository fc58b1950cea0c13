import { createHash, randomBytes } from "node:crypto";

export const recoveryCodeCount = 10;
const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const codeChars = 16;

/** Ten codes of 80 random bits, `abcd-efgh-ijkl-mnop`: each lets the user in once without the device (CAT-66). */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCodeCount }, () => {
    const letters = [...randomBytes(codeChars)].map((byte) => alphabet[byte % alphabet.length]).join("");
    return letters.replaceAll(/.{4}(?=.)/g, "$&-");
  });
}

/**
 * What is stored of a code: SHA-256, hex; undefined when `text` is none. Read as people write: with spaces, in capitals,
 * a nought for an o.
 */
export function recoveryCodeHash(userId: string, text: string): string | undefined {
  if (text.length > 64) return undefined;
  const letters = text.toLowerCase().replaceAll(/[\s-]/g, "").replaceAll("0", "o").replaceAll("1", "l");
  if (!/^[a-z2-7]{16}$/.test(letters)) return undefined;
  return createHash("sha256").update(`${userId}:${letters}`).digest("hex");
}
