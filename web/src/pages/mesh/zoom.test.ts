import { expect, test } from "vitest";
import { fitting, leastScale, mostScale, stepped, turned } from "./zoom.ts";

test("stepped() goes through the sizes, from any size between them, and ends at the last", () => {
  expect([stepped(1, -1), stepped(1, 1), stepped(0.43, 1), stepped(0.43, -1)]).toEqual([0.7, 1.4, 0.5, 0.3]);
  expect([stepped(mostScale, 1), stepped(leastScale, -1)]).toEqual([mostScale, leastScale]);
});

test("fitting() has all of it in sight, and makes nothing larger than it is", () => {
  expect(fitting({ width: 1_500, height: 1_000 }, { width: 750, height: 600 })).toBe(0.5);
  expect(fitting({ width: 1_500, height: 1_000 }, { width: 1_500, height: 250 })).toBe(0.25);
  expect(fitting({ width: 300, height: 300 }, { width: 900, height: 900 })).toBe(1);
  expect(fitting({ width: 90_000, height: 90_000 }, { width: 300, height: 300 })).toBe(leastScale);
});

test("turned() is undone by the same turn back, and ends where it can be drawn no more", () => {
  expect(turned(turned(1, 120), -120)).toBeCloseTo(1);
  expect(turned(1, 120)).toBeLessThan(1);
  expect([turned(1, 1e6), turned(1, -1e6)]).toEqual([leastScale, mostScale]);
});
