import { expect, test } from "vitest";
import { HoldDown } from "./hold-down.ts";

test("HoldDown lets a few changes wait 100 ms, and those that keep coming longer and longer, up to a second", () => {
  const holdDown = new HoldDown();
  let elapsed = 1_000;
  const waits = Array.from({ length: 9 }, () => {
    const wait = holdDown.next(elapsed);
    elapsed += wait + 50;
    return wait;
  });
  expect(waits).toEqual([100, 100, 100, 100, 200, 400, 800, 1_000, 1_000]);
  expect(holdDown.next(elapsed + 4_000)).toBe(1_000);
  expect(holdDown.next(elapsed + 12_000)).toBe(100);
});
