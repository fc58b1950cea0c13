import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { highwayHash64 } from "./highway-hash.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index);

describe("highwayHash64()", () => {
  test.each([
    ["", "7035da75b9d54469"],
    ["a", "bd6efba9eb78e61f"],
    ["foo", "ef7a78b67f92bdf7"],
    ["bar", "14ef88ca522894d1"],
    ["localhost", "99c4380a442ae062"],
    ["receptor-node-with-a-long-name-0123456789", "3a0a03d68925ff87"],
    ["node1", "61052d2b582eb15e"],
    ["node2", "51bcc6e14eb3fee1"],
    ["node3", "2b1efddaab3bdbdc"],
    ["controller", "bac03aa9a8a96ddc"],
    ["héllo", "39e219ee94302eb0"],
    ["control", "3bdee1e3b5f2dbcd"],
    ["ping", "e98e3242f8b15e51"],
  ])("of %j with a key of zeros is the one on Receptor's wire", (text, hash) => {
    expect(hex(highwayHash64(Buffer.from(text)))).toBe(hash);
  });

  test.each([
    [0, "536ec222de567a90"],
    [1, "78ddcdc7aa43ab7e"],
    [16, "32b87ef98934abcf"],
    [32, "fc80d5ecd964c9a0"],
    [64, "ffa6d24c5d2c5475"],
  ])("of %i bytes with the published key is the published vector", (length, littleEndian) => {
    expect(hex(highwayHash64(counting(length), counting(32)).reverse())).toBe(littleEndian);
  });

  test("looks at every byte, of whole packets and of what remains", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, place, change) => {
          const other = bytes.slice();
          other[place % bytes.length] = (other[place % bytes.length] ?? 0) ^ change;
          expect(hex(highwayHash64(other))).not.toBe(hex(highwayHash64(bytes)));
        },
      ),
    );
  });
});
