import { expect, test } from "vitest";
import { Patience, redialTimes } from "./patience.ts";

function waits(patience: Patience, count: number): number[] {
  return Array.from({ length: count }, () => Math.round(patience.nextWait()));
}

test("nextWait() is short at first, then 5 s and half as long again up to 20 s (spec §3.2)", () => {
  const patience = new Patience(redialTimes, () => 0.5);
  expect(waits(patience, 7)).toEqual([200, 5000, 7500, 11_250, 16_875, 20_000, 20_000]);
});

test("nextWait() leaves a fifth to chance", () => {
  expect(waits(new Patience(redialTimes, () => 0), 3)).toEqual([100, 4000, 6000]);
  expect(waits(new Patience(redialTimes, () => 1), 3)).toEqual([300, 6000, 9000]);
});

test("after a good session the first retry is fast again", () => {
  const patience = new Patience(redialTimes, () => 0.5);
  waits(patience, 5);
  patience.sessionEnded(60_000);
  expect(waits(patience, 2)).toEqual([200, 5000]);
});

test("a far end that takes us and turns us away sees us every 5 s", () => {
  const patience = new Patience(redialTimes, () => 0.5);
  const seen = Array.from({ length: 5 }, () => {
    patience.sessionEnded(20);
    return Math.round(patience.nextWait());
  });
  expect(seen).toEqual([200, 5000, 5000, 5000, 5000]);
});
