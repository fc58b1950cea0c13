import fc from "fast-check";
import { expect, test } from "vitest";
import { TurnedClock } from "../../../test/kit/turned-clock.ts";
import { newEpoch } from "./environment.ts";

const at = (now: number, seed = 1) => Object.assign(new TurnedClock(seed), { now: () => now });

test("newEpoch() is the second of the start, and 24 bits by lot (spec §3.6)", () => {
  const epoch = newEpoch(at(Date.UTC(2026, 0, 1)));
  expect(epoch >> 24n).toBe(BigInt(Date.UTC(2026, 0, 1) / 1000));
  expect(newEpoch(at(Date.UTC(2026, 0, 1), 2))).not.toBe(epoch);
});

test("newEpoch() of a later start is newer, whatever the clock was set to, and fits into 64 bits", () => {
  const clock = fc.integer({ min: Date.UTC(1960, 0, 1), max: Date.UTC(9999, 0, 1) });
  fc.assert(
    fc.property(fc.array(fc.tuple(clock, fc.integer()), { minLength: 2, maxLength: 20 }), (starts) => {
      let last: bigint | undefined;
      for (const [now, seed] of starts) {
        const epoch = newEpoch(at(now, seed), last);
        if (last !== undefined) expect(epoch).toBeGreaterThan(last);
        expect(epoch).toBeLessThan(2n ** 63n);
        last = epoch;
      }
    }),
  );
});

test("newEpoch() of two nodes that both go by the same earlier start differs", () => {
  const last = newEpoch(at(Date.UTC(2030, 0, 1)));
  expect(newEpoch(at(0, 1), last)).not.toBe(newEpoch(at(0, 2), last));
});
