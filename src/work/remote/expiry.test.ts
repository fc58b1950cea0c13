import { expect, test } from "vitest";
import { Expiry } from "./expiry.ts";

const start = Date.UTC(2030, 0, 1);
const hour = 3_600_000;

/** A ttl of one hour, and a clock whose wall and whose passing the test turns apart. */
function openExpiry(more: { mayHaveStarted?: () => boolean; at?: number | undefined } = {}) {
  const clock = { wall: start, passed: 0 };
  const sleeps: { readonly ms: number; readonly wake: () => void }[] = [];
  const sleep = (ms: number) => new Promise<void>((wake) => void sleeps.push({ ms, wake }));
  const expiry = new Expiry({
    clock: { now: () => clock.wall, elapsed: () => clock.passed, sleep },
    at: start + hour,
    mayHaveStarted: () => false,
    signal: new AbortController().signal,
    ...more,
  });
  return { clock, sleeps, expiry };
}

test("work expires when its time has passed", async () => {
  const { clock, sleeps, expiry } = openExpiry();
  const { signal } = expiry;
  expect(sleeps.map(({ ms }) => ms)).toEqual([hour]);
  clock.passed = hour - 1;
  expect(expiry.isOver).toBe(false);
  clock.passed = hour;
  expect(expiry.isOver).toBe(true);
  sleeps[0]?.wake();
  await expect.poll(() => signal.aborted).toBe(true);
  expect(String(signal.reason)).toContain("Work unit expired on ");
});

test.each([
  ["forward by days", 3 * 24 * hour],
  ["back by days", -3 * 24 * hour],
])("a clock that jumps %s makes it neither sooner nor later", async (_how, jump) => {
  const { clock, sleeps, expiry } = openExpiry();
  clock.wall += jump;
  clock.passed = hour / 2;
  expect(expiry.isOver).toBe(false);
  // Somebody wakes it early: it sleeps on for what is left.
  sleeps[0]?.wake();
  await expect.poll(() => sleeps.map(({ ms }) => ms)).toEqual([hour, hour / 2]);
  clock.passed = hour;
  expect(expiry.isOver).toBe(true);
});

test("work without a ttl, and work that may have started, do not expire", () => {
  const never = openExpiry({ at: undefined });
  never.clock.passed = 1e15;
  expect(never.expiry.isOver).toBe(false);
  expect(never.sleeps).toEqual([]);
  const started = openExpiry({ mayHaveStarted: () => true });
  started.clock.passed = 2 * hour;
  expect(started.expiry.isOver).toBe(false);
});

test("what is held does not fire, and what is over at the start does at once", async () => {
  const { clock, sleeps, expiry } = openExpiry();
  expiry.hold();
  clock.passed = hour;
  sleeps[0]?.wake();
  await Promise.resolve();
  expect(expiry.signal.aborted).toBe(false);
  expect(openExpiry({ at: start - 1 }).expiry.isOver).toBe(true);
});
