import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sealWith } from "./seal.ts";

const key = randomBytes(32);
const seal = sealWith(key);
const unreadable = expect.objectContaining({ code: "SEALED_UNREADABLE" });

test("what was sealed opens at its place, with its key, and nowhere else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), fc.string(), (secret, place, other) => {
      fc.pre(place !== other);
      const sealed = seal.seal(secret, place);
      expect(seal.open(sealed, place)).toEqual(Buffer.from(secret));
      expect(() => seal.open(sealed, other)).toThrow(unreadable);
      expect(() => sealWith(randomBytes(32)).open(sealed, place)).toThrow(unreadable);
    }),
  );
});

test("one changed or missing byte is seen", () => {
  const sealed = seal.seal(Buffer.from("a secret"), "here");
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 1;
    expect(() => seal.open(changed, "here"), `byte ${at}`).toThrow(unreadable);
    expect(() => seal.open(sealed.subarray(0, at), "here"), `${at} bytes`).toThrow(unreadable);
  }
});

test("the same secret never looks the same twice", () => {
  const twice = [1, 2].map(() => seal.seal(Buffer.alloc(20), "here").toString("hex"));
  expect(twice[0]).not.toBe(twice[1]);
});
