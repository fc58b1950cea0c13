import { expect, test } from "vitest";
import { nextLookMs } from "./limits.ts";

test.each([
  ["a silent command is looked at less and less often", 1_000, 0, 4, 8],
  ["but at least four times a second", 1_000, 0, 250, 250],
  ["one that will be full in 100 ms is looked at after 50", 1_000, 100, 10, 20],
  ["one that floods is looked at as soon as may be", 10, 1_000_000, 100, 2],
  ["one that grows slowly is not looked at sooner for that", 1_000_000, 1, 100, 200],
])("nextLookMs(): %s", (_, left, grown, waited, expected) => {
  expect(nextLookMs(left, grown, waited)).toBe(expected);
});
