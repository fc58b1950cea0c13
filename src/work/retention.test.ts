import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expiredUnits } from "./retention.ts";

const now = 1_000_000;
const unit = (id: string, ageMs: number, bytes = 10) => ({ id, finishedAt: now - ageMs, bytes });
const units = [unit("young", 10), unit("old", 300), unit("middle", 200)];

describe("expiredUnits()", () => {
  test("keeps everything while nothing is limited", () => {
    expect(expiredUnits(units, {}, now)).toEqual([]);
  });

  test("removes what is older than the age, oldest first", () => {
    expect(expiredUnits(units, { maxAgeMs: 199 }, now)).toEqual(["old", "middle"]);
    expect(expiredUnits(units, { maxAgeMs: 300 }, now)).toEqual([]);
  });

  test("removes the oldest above the count", () => {
    expect(expiredUnits(units, { maxUnits: 2 }, now)).toEqual(["old"]);
    expect(expiredUnits(units, { maxUnits: 0 }, now)).toEqual(["old", "middle", "young"]);
  });

  test("removes the oldest until the rest fits in the bytes", () => {
    const large = [unit("a", 3, 100), unit("b", 2, 1), unit("c", 1, 50)];
    expect(expiredUnits(large, { maxBytes: 60 }, now)).toEqual(["a"]);
    expect(expiredUnits(large, { maxBytes: 50 }, now)).toEqual(["a", "b"]);
  });

  test("takes a unit from the future, after the clock was set back, for the youngest", () => {
    const future = [unit("future", -5_000), unit("past", 5_000)];
    expect(expiredUnits(future, { maxAgeMs: 1_000 }, now)).toEqual(["past"]);
    expect(expiredUnits(future, { maxUnits: 1 }, now)).toEqual(["past"]);
    expect(expiredUnits([unit("future", -5_000)], { maxAgeMs: 0 }, now)).toEqual([]);
  });

  test("leaves units within every limit, and never removes one that a younger kept one outlives", () => {
    const anyUnit = fc.record({ finishedAt: fc.integer(), bytes: fc.nat(1000) });
    const limit = fc.option(fc.nat(2000), { nil: undefined });
    fc.assert(
      fc.property(fc.array(anyUnit), limit, limit, (drawn, maxUnits, maxBytes) => {
        const all = drawn.map((one, n) => ({ ...one, id: String(n) }));
        const retention = { ...(maxUnits !== undefined && { maxUnits }), ...(maxBytes !== undefined && { maxBytes }) };
        const gone = new Set(expiredUnits(all, retention, now));
        const kept = all.filter(({ id }) => !gone.has(id));
        expect(kept.length).toBeLessThanOrEqual(maxUnits ?? Infinity);
        expect(kept.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(maxBytes ?? Infinity);
        const oldestKept = Math.min(...kept.map(({ finishedAt }) => finishedAt));
        for (const { id, finishedAt } of all) if (gone.has(id)) expect(finishedAt).toBeLessThanOrEqual(oldestKept);
      }),
    );
  });
});
