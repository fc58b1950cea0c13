import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitsPattern, wantedNames } from "./name-pattern.ts";

describe("fitsPattern()", () => {
  test.each([
    ["a.csv", "*.csv"],
    ["a.csv", "a.???"],
    ["", "*"],
    ["a*b", "a*b"],
    ["mississippi", "m*iss*ppi"],
    ["\u{1f600}.txt", "?.txt"],
    ["$(reboot).csv", "$(*).csv"],
  ])("%j fits %j", (name, pattern) => expect(fitsPattern(name, pattern)).toBe(true));

  test.each([
    ["a.csv", "*.CSV"],
    ["a.csv", "?.cs"],
    ["a.csv.part", "*.csv"],
    ["", "?"],
    ["abc", "a.c"],
  ])("%j does not fit %j", (name, pattern) => expect(fitsPattern(name, pattern)).toBe(false));

  test("a name fits itself, and itself with any part of it starred", () => {
    const plain = fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) => !/[*?]/.test(text));
    fc.assert(
      fc.property(plain, plain, plain, (before, part, after) => {
        expect(fitsPattern(before + part + after, before + part + after)).toBe(true);
        expect(fitsPattern(before + part + after, `${before}*${after}`)).toBe(true);
      }),
    );
  });

  test("the pattern that makes other matchers think for ever is answered", () => {
    expect(fitsPattern("a".repeat(255), `${"*a".repeat(120)}*b`)).toBe(false);
  });
});

test("wantedNames(): one of the included, none of the excluded, never our own", () => {
  const wants = wantedNames(["*.csv", "*.txt"], [".*", "old-*"]);
  expect(["a.csv", "b.txt"].every(wants)).toBe(true);
  expect([".a.csv", "old-a.csv", "a.bin", ".farhand-0123.csv"].some(wants)).toBe(false);
  expect(wantedNames(["*"], [])(".farhand-0123")).toBe(false);
});
