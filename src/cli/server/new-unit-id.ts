import { randomInt } from "node:crypto";

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** An id for a unit of our own making: asked for again under it, a unit is found and not made twice. */
export function newUnitId(): string {
  return Array.from({ length: 12 }, () => letters[randomInt(letters.length)]).join("");
}
