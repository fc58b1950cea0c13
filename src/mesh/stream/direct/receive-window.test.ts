import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { directLimits } from "./limits.ts";
import { type ReceiveWindow, WindowBudget } from "./receive-window.ts";

const { firstWindowBytes, largestWindowBytes, leastWindowBytes, windowBytes } = directLimits;

describe("ReceiveWindow", () => {
  test("read() grants nothing before half of the window is used, then all that was read and as much again", () => {
    const window = new WindowBudget(directLimits).open();
    expect(window.size).toBe(firstWindowBytes);
    expect(window.received(firstWindowBytes)).toBe(true);
    expect(window.read(firstWindowBytes / 2 - 1, true)).toBe(0);
    expect(window.read(1, true)).toBe(firstWindowBytes / 2 + firstWindowBytes);
    expect(window.size).toBe(2 * firstWindowBytes);
  });

  test("read() does not widen the window of a reader who is behind", () => {
    const window = new WindowBudget(directLimits).open();
    window.received(firstWindowBytes);
    expect(window.read(firstWindowBytes / 2, false)).toBe(firstWindowBytes / 2);
  });

  test("received() is false for a byte too many", () => {
    const window = new WindowBudget(directLimits).open();
    expect(window.received(firstWindowBytes)).toBe(true);
    expect(window.received(1)).toBe(false);
  });

  test("never lets more be on its way or unread than its size, and a reader who reads all never stalls", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400_000 })), (chunks) => {
        const window = new WindowBudget(directLimits).open();
        let credit = window.size;
        for (const chunk of chunks) {
          const length = Math.min(chunk, credit);
          expect(length).toBeGreaterThan(0);
          expect(window.received(length)).toBe(true);
          credit += window.read(length, true) - length;
          expect(credit).toBeLessThanOrEqual(window.size);
          expect(window.size).toBeLessThanOrEqual(largestWindowBytes);
        }
      }),
    );
  });
});

describe("WindowBudget", () => {
  test("is never exceeded by more than the least window of each stream", () => {
    const budget = new WindowBudget(directLimits);
    const windows: ReceiveWindow[] = [];
    for (let n = 0; n < 10_000; n++) {
      const window = budget.open();
      windows.push(window);
      for (let read = 0; read < 10; read++) window.read(window.size, true);
    }
    expect(budget.taken).toBeLessThanOrEqual(windowBytes + 10_000 * leastWindowBytes);
    expect(Math.min(...windows.map(({ size }) => size))).toBe(leastWindowBytes);
    for (const window of windows) window.close();
    expect(budget.taken).toBe(0);
    expect(budget.open().size).toBe(firstWindowBytes);
  });
});
