import { expect, test } from "vitest";
import { bytesText, countText, durationText, percentText, personText, spanText } from "./quantities.ts";

test("spanText() names one unit, and is never negative", () => {
  expect([-5, 4_000, 59_400, 60_000, 7_200_000, 200_000_000].map(spanText)).toEqual([
    ...["0 s", "4 s", "59 s", "1 min", "2 h", "2 d"],
  ]);
});

test("durationText() says how long something took", () => {
  expect([12, 1_500, 61_000, 3_700_000].map(durationText)).toEqual(["12 ms", "1.5 s", "1 min 1 s", "1 h 1 min"]);
});

test("bytesText() counts in powers of 1024", () => {
  expect([0, 1_023, 1_024, 10 * 1_024 ** 2, 1.5 * 1_024 ** 3].map(bytesText)).toEqual([
    ...["0 bytes", "1023 bytes", "1.0 KiB", "10 MiB", "1.5 GiB"],
  ]);
});

test("percentText() is finer where little is", () => {
  expect([0, 0.44, 9.94, 55.4].map(percentText)).toEqual(["0 %", "0.4 %", "9.9 %", "55 %"]);
});

test("countText() knows one from many", () => {
  expect([countText(0, "hop"), countText(1, "hop"), countText(2, "match", "matches")]).toEqual([
    "0 hops",
    "1 hop",
    "2 matches",
  ]);
});

test("personText() leaves the id out", () => {
  expect(["ada (be866581-ab4a-47cf-8a2e-9c882cc762bb)", "bob (the cook)"].map(personText)).toEqual([
    "ada",
    "bob (the cook)",
  ]);
});
