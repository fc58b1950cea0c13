import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RefusedAgain } from "./refused-again.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When it asked, in seconds from now. */
function asking() {
  const asked: number[] = [];
  const began = Date.now();
  const again = new RefusedAgain(() => asked.push((Date.now() - began) / 1_000));
  return { asked, again };
}

test("what was refused is asked for again with pauses that double up to two minutes", () => {
  const { asked, again } = asking();
  again.look(true);
  // The refusal is told once more: that is no reason to ask sooner.
  again.look(true);
  vi.advanceTimersByTime(500_000);
  expect(asked).toEqual([5, 15, 35, 75, 155, 275, 395]);
});

test("it ends with the refusal, and begins with short pauses at the next", () => {
  const { asked, again } = asking();
  again.look(true);
  vi.advanceTimersByTime(20_000);
  again.look(false);
  expect(again.at).toBeUndefined();
  vi.advanceTimersByTime(200_000);
  expect(asked).toEqual([5, 15]);
  again.look(true);
  vi.advanceTimersByTime(5_000);
  expect(asked).toEqual([5, 15, 225]);
});

test("the reader has it asked at once, where something was refused", () => {
  const { asked, again } = asking();
  again.now();
  expect(asked).toEqual([]);
  again.look(true);
  vi.advanceTimersByTime(1_000);
  again.now();
  vi.advanceTimersByTime(5_000);
  expect(asked).toEqual([1, 6]);
});
