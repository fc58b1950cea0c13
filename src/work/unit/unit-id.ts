import { randomInt } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Eight letters or digits. Nothing else may be in an id: peers find it by `with ID ([a-zA-Z0-9]+)\.` (spec §1.9). */
export function newUnitId(): string {
  return Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/** Is this text an id a unit of ours or of a newer peer can have (8 to 64 letters and digits)? Also keeps paths out. */
export function isUnitId(text: string): boolean {
  return /^[0-9A-Za-z]{8,64}$/.test(text);
}
