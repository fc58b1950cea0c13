import { expect, test } from "vitest";
import { Patience, redialTimes } from "./patience.ts";

function waits(patience: Patience, count: number): number[] {
  return Array.from({ length: count }, () => Math.round(patience.nextWait()));
}

test("nextWait() is short at first and doubles, then is 5 s and half as long again up to 20 s (spec §3.2)", () => {
  const patience = new Patience(redialTimes, () => 0.5);
  expect(waits(patience, 5)).toEqual([200, 400, 800, 1600, 3200]);
  expect(waits(patience, 6)).toEqual([5000, 7500, 11_250, 16_875, 20_000, 20_000]);
});

test("nextWait() leaves a fifth to chance", () => {
  expect(waits(new Patience(redialTimes, () => 0), 7)).toEqual([100, 320, 640, 1280, 2560, 4000, 6000]);
  expect(waits(new Patience(redialTimes, () => 1), 7)).toEqual([300, 480, 960, 1920, 3840, 6000, 9000]);
});

test("after a good session the first retry is fast again", () => {
  const patience = new Patience(redialTimes, () => 0.5);
  waits(patience, 9);
  patience.sessionEnded(60_000);
  expect(waits(patience, 2)).toEqual([200, 400]);
});

test("a far end that takes us and turns us away sees us every 5 s", () => {
  const patience = new Patience(redialTimes, () => 0.5);
  const seen = Array.from({ length: 5 }, () => {
    patience.sessionEnded(20);
    return Math.round(patience.nextWait());
  });
  expect(seen).toEqual([200, 5000, 5000, 5000, 5000]);
});

test("a far end that was waited for and hangs up at first is dialled again at once", () => {
  const patience = new Patience(redialTimes, () => 0.5);
  waits(patience, 9);
  patience.sessionEnded(20);
  expect(waits(patience, 1)).toEqual([200]);
  patience.sessionEnded(20);
  expect(waits(patience, 2)).toEqual([5000, 7500]);
});
