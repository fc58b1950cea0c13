import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatGoDuration, parseGoDuration } from "./durations.ts";

describe("parseGoDuration()", () => {
  test.each([
    ["0", 0n],
    ["1.5h", 5_400_000_000_000n],
    ["30m10s", 1_810_000_000_000n],
    ["250ms", 250_000_000n],
    [".5s", 500_000_000n],
    ["1.s", 1_000_000_000n],
    ["3us", 3_000n],
    ["3µs", 3_000n],
    ["3μs", 3_000n],
    ["-1m", -60_000_000_000n],
    ["+7ns", 7n],
  ])("reads %s", (text, ns) => {
    expect(parseGoDuration(text)).toBe(ns);
  });

  test.each(["", "10", "60d", "1 h", "h", ".s", "-", "1h30", "999999999h", "1e3s", " 1s"])("refuses %j", (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });
});

describe("formatGoDuration()", () => {
  test.each([
    [0, "0s"],
    [7, "7ns"],
    [845_100, "845.1µs"],
    [1_234_567, "1.234567ms"],
    [2_500_000_000, "2.5s"],
    [60_000_000_000n, "1m0s"],
    [3_723_000_000_000n, "1h2m3s"],
    [-1_500_000, "-1.5ms"],
  ])("prints %s as Go does", (ns, text) => {
    expect(formatGoDuration(ns)).toBe(text);
  });

  test("prints what parseGoDuration() reads back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (ns) => {
        expect(parseGoDuration(formatGoDuration(ns))).toBe(ns);
      }),
    );
  });
});
