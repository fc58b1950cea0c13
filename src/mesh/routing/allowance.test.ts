import { expect, test } from "vitest";
import { Allowance } from "./allowance.ts";

test("an allowance gives so much at once, then so much a second, and saves no more than it gives at once", () => {
  const allowance = new Allowance(10, 2, 1_000);
  expect(allowance.take(7, 1_000)).toBe(true);
  expect(allowance.take(4, 1_000)).toBe(false);
  expect(allowance.take(3, 1_000)).toBe(true);
  expect(allowance.take(1, 1_499)).toBe(false);
  expect(allowance.take(1, 1_500)).toBe(true);
  expect(allowance.take(11, 1_000_000)).toBe(false);
  expect(allowance.take(10, 1_000_000)).toBe(true);
});

test("asking in vain costs nothing", () => {
  const allowance = new Allowance(1, 1, 0);
  allowance.take(1, 0);
  for (let elapsed = 1; elapsed < 1_000; elapsed++) expect(allowance.take(1, elapsed)).toBe(false);
  expect(allowance.take(1, 1_000)).toBe(true);
});
