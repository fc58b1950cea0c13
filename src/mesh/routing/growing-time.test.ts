import { expect, test } from "vitest";
import { parseGoTime } from "../packet/go-time.ts";
import { GrowingTime } from "./growing-time.ts";

const noon = Date.UTC(2026, 0, 1, 12);
const day = 24 * 3_600_000;
const at = (text: string) => parseGoTime(text) ?? expect.fail(text);

test("next() is the time, and later than the one before whatever the clock does", () => {
  let now = noon;
  const time = new GrowingTime(() => now, 0);
  expect(time.next().text).toBe("2026-01-01T12:00:00.000000000Z");
  expect(time.next().text).toBe("2026-01-01T12:00:00.000000001Z");
  now -= 3 * day;
  expect(time.next().text).toBe("2026-01-01T12:00:00.000000002Z");
  now += 4 * day;
  expect(time.next().text).toBe("2026-01-02T12:00:00.000000000Z");
});

test("next() goes on beyond a million in one millisecond", () => {
  const time = new GrowingTime(() => noon, 0);
  let last = time.next().nanoseconds;
  for (let count = 0; count < 1_000_001; count++) {
    const { nanoseconds } = time.next();
    if (nanoseconds <= last) expect.fail(`${nanoseconds} behind ${last}`);
    last = nanoseconds;
  }
  expect(time.next().text).toBe("2026-01-01T12:00:00.001000002Z");
});

test("next() is later than an earlier start", () => {
  const time = new GrowingTime(() => noon, noon + 3 * day);
  expect(time.next().text).toBe("2026-01-04T12:00:00.000000001Z");
});

test("pass() jumps over what was heard of an earlier start, and says so", () => {
  const time = new GrowingTime(() => noon, 0);
  const own = time.next();
  expect(time.pass(own)).toBe(false);
  expect(time.pass(at("2026-01-04T12:00:00.000000009Z"))).toBe(true);
  expect(time.pass(at("2026-01-04T12:00:00.000000009Z"))).toBe(false);
  expect(time.next().text).toBe("2026-01-04T12:00:00.001000001Z");
});

test.each(["9999-12-31T23:59:59Z", "9990-01-01T00:00:00Z"])(
  "pass() does not follow to the end of the calendar: %s",
  (text) => {
    const time = new GrowingTime(() => noon, 0);
    expect(time.pass(at(text))).toBe(false);
    expect(time.next().text).toBe("2026-01-01T12:00:00.000000000Z");
  },
);
