import fc from "fast-check";
import { expect, test } from "vitest";
import { Allowance } from "./allowance.ts";

function turned() {
  const clock = { at: 1_000, elapsed: () => clock.at };
  return clock;
}

test("so many at once, then one each time a while has passed", () => {
  const clock = turned();
  const allowance = new Allowance(3, 100, clock);
  const taken = (): number => Array.from({ length: 10 }, () => allowance.take()).filter(Boolean).length;
  expect(taken()).toBe(3);
  clock.at += 99;
  expect(taken()).toBe(0);
  clock.at += 151;
  expect(taken()).toBe(2);
  clock.at += 50;
  expect(taken()).toBe(1);
  clock.at += 1e9;
  expect(taken()).toBe(3);
});

test("however it is asked, no more than that is borne in any time", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }), (waits) => {
      const clock = turned();
      const allowance = new Allowance(5, 100, clock);
      let taken = 0;
      for (const wait of waits) {
        clock.at += wait;
        if (allowance.take()) taken++;
      }
      expect(taken).toBeLessThanOrEqual(5 + (clock.at - 1_000) / 100);
    }),
  );
});
