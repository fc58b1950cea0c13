import { randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Eight letters or digits. Nothing else may be in an id: peers find it by `with ID ([a-zA-Z0-9]+)\.` (spec §1.9). */
export function newUnitId(): string {
  let id = "";
  while (id.length < 8) {
    // Bytes beyond the last whole alphabet would make its first letters likelier.
    for (const byte of randomBytes(16)) {
      if (byte < 4 * alphabet.length && id.length < 8) id += alphabet.charAt(byte % alphabet.length);
    }
  }
  return id;
}

/** Is this text an id a unit of ours or of a newer peer can have (8 to 64 letters and digits)? Also keeps paths out. */
export function isUnitId(text: string): boolean {
  return /^[0-9A-Za-z]{8,64}$/.test(text);
}
