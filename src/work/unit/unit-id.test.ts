import { expect, test } from "vitest";
import { isUnitId, newUnitId } from "./unit-id.ts";

test("newUnitId() draws eight letters and digits, another each time", () => {
  const ids = Array.from({ length: 1000 }, newUnitId);
  for (const id of ids) expect(id).toMatch(/^[0-9A-Za-z]{8}$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(["", "short12", "a".repeat(65), "../../etc", "abcd efgh", "abcdefg/", "abcdefgh\n", "abcdefgä", "abcd.efgh"])(
  "isUnitId() refuses %j",
  (text) => {
    expect(isUnitId(text)).toBe(false);
  },
);

test.each(["Ab3dEf9h", "00000000", "a".repeat(64)])("isUnitId() takes %s", (text) => {
  expect(isUnitId(text)).toBe(true);
});
