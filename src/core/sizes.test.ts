import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSize, parseSize } from "./sizes.ts";

test.each([
  ["0", 0],
  ["4096", 4096],
  ["4096B", 4096],
  ["1GiB", 1_073_741_824],
  ["500MB", 500_000_000],
  ["1.5 kB", 1500],
  ["2mib", 2_097_152],
])("parseSize() reads %s", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "1G", "-1", "GiB", "1GiBs", "0x10", "1e3", "1.GiB", "9999999TiB"])("parseSize() refuses %j", (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test("formatSize() picks the largest unit that is exact", () => {
  expect([0, 1_073_741_824, 500_000_000, 4097].map(formatSize)).toEqual(["0", "1GiB", "500MB", "4097"]);
});

test("formatSize() prints what parseSize() reads back", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(parseSize(formatSize(bytes))).toBe(bytes);
    }),
  );
});
