import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keptLog } from "../../test/kit/monitor.ts";
import { keepHouse } from "./house-keeping.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const slowly = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a chore that always takes longer than its time leaves another its turns, and they never run at once", async () => {
  let atOnce = 0;
  const turns = { sync: 0, tidy: 0 };
  const chore = (name: keyof typeof turns, everyMs: number, takesMs: number) => ({
    everyMs,
    work: async () => {
      expect(++atOnce).toBe(1);
      await slowly(takesMs);
      atOnce--;
      turns[name]++;
    },
  });
  const house = keepHouse([chore("tidy", 1_000, 10), chore("sync", 100, 150)], keptLog());
  await vi.advanceTimersByTimeAsync(10_500);
  expect(turns.tidy).toBe(10);
  expect(turns.sync).toBeGreaterThan(40);
  // One that is due is done before it is closed, and none after it.
  const closed = house.close();
  await vi.advanceTimersByTimeAsync(1_000);
  await closed;
  const { sync } = turns;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(turns.sync).toBe(sync);
});

test("a chore that fails is told and has its next turn", async () => {
  const log = keptLog();
  let tries = 0;
  const work = (): Promise<void> => (++tries === 1 ? Promise.reject(new Error("EIO: i/o error")) : Promise.resolve());
  const house = keepHouse([{ everyMs: 100, work }], log);
  await vi.advanceTimersByTimeAsync(250);
  expect(tries).toBe(2);
  expect(log.lines).toEqual(["the storage fails: EIO: i/o error"]);
  await house.close();
});
