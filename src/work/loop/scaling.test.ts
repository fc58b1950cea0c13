import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HelperView, scaling } from "./scaling.ts";

const limits = { program: { kind: "command", path: "x" }, min: 0, max: 4, idleMs: 60_000 } as const;
const helper = (id: string, more: Partial<HelperView> = {}): HelperView => ({
  ...{ id, has: 0, given: 0, idleMs: 0, isReady: true, isLeaving: false },
  ...more,
});

describe("scaling(), CAT-89", () => {
  test("starts a helper for each task that waits, up to the most there may be", () => {
    expect(scaling(1, [], limits).start).toBe(1);
    expect(scaling(20, [], limits).start).toBe(4);
    expect(scaling(20, [helper("a", { has: 1 }), helper("b", { has: 1 })], limits).start).toBe(2);
  });

  test("counts on those that are free, and not on those that leave", () => {
    expect(scaling(1, [helper("a")], limits).start).toBe(0);
    expect(scaling(1, [helper("a", { isLeaving: true })], limits).start).toBe(1);
    expect(scaling(1, [helper("a", { isReady: false })], limits).start).toBe(1);
    const leaving = ["a", "b", "c", "d"].map((id) => helper(id, { isLeaving: true }));
    expect(scaling(9, leaving, limits).start).toBe(0);
  });

  test("keeps the least there shall be, and sends the longest idle home first", () => {
    expect(scaling(0, [], { ...limits, min: 2 }).start).toBe(2);
    const idle = [helper("a", { idleMs: 70_000 }), helper("b", { idleMs: 90_000 }), helper("c", { idleMs: 80_000 })];
    const gone = scaling(0, idle, { ...limits, min: 1 }).dismiss.map(({ id }) => id);
    expect(gone).toEqual(["b", "c"]);
    expect(scaling(0, [helper("a", { idleMs: 59_999 })], limits).dismiss).toEqual([]);
  });

  test("nobody is sent home while there is work", () => {
    expect(scaling(1, [helper("a", { idleMs: 90_000 })], limits).dismiss).toEqual([]);
  });

  test("replaces a helper that has had its tasks", () => {
    const worn = [helper("a", { given: 3, has: 1 })];
    const { start, dismiss } = scaling(1, worn, { ...limits, maxTasks: 3 });
    expect(dismiss.map(({ id }) => id)).toEqual(["a"]);
    expect(start).toBe(1);
  });

  test("never has more than the most, nor fewer stay than the least", () => {
    const view = fc.record({
      id: fc.uuid(),
      has: fc.nat(2),
      given: fc.nat(9),
      idleMs: fc.nat(120_000),
      isReady: fc.boolean(),
      isLeaving: fc.boolean(),
    });
    const sizes = fc
      .tuple(fc.nat(5), fc.nat(8))
      .map(([min, more]) => ({ ...limits, min, max: Math.max(1, min + more) }));
    fc.assert(
      fc.property(fc.nat(30), fc.array(view, { maxLength: 13 }), sizes, (waiting, helpers, sized) => {
        const some = helpers.slice(0, sized.max);
        const { start, dismiss } = scaling(waiting, some, sized);
        const staying = some.filter(({ isLeaving }) => !isLeaving).length;
        expect(some.length + start).toBeLessThanOrEqual(sized.max);
        expect(staying - dismiss.length).toBeGreaterThanOrEqual(Math.min(sized.min, staying));
      }),
    );
  });
});
