import { describe, expect, test } from "vitest";
import { guessWaitMs } from "#core";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { factorRule, LockOut, passwordRule } from "./lock-out.ts";
import { nameKey, sourceKey } from "./lock-out-keys.ts";

const now = 1_000_000_000;
/** Failures, so many seconds ago. */
const ago = (...seconds: number[]) => seconds.map((s) => now - s * 1_000);
const each = (count: number, everyS: number, lastS = 0) =>
  ago(...Array.from({ length: count }, (_, n) => lastS + n * everyS));

describe("how long the next try waits", () => {
  test.each([
    ["no failures", [], 0, 0],
    ["4 failures", each(4, 0), 0, 0],
    ["the 5th now", each(5, 0), 0, 1_000],
    ["the 5th a second ago", each(5, 0, 1), 0, 0],
    ["the 6th now", each(6, 0), 0, 2_000],
    ["the 8th 3 s ago", each(8, 0, 3), 0, 5_000],
    ["the 19th now: no longer than half a minute", each(19, 0), 0, 30_000],
    ["the 20th now: off for 15 minutes", each(20, 1), 0, 900_000],
    ["the 20th 14 minutes ago", each(20, 1, 840), 0, 60_000],
    ["the 20th 15 minutes ago", each(20, 1, 900), 0, 0],
    ["20 over more than 10 minutes", each(20, 32), 0, 30_000],
    ["failures of 11 minutes ago", each(12, 0, 660), 0, 0],
    ["4 others are trying", [], 4, 0],
    ["5 others are trying", [], 5, 1_000],
    ["2 failures and 3 others", each(2, 0, 60), 3, 1_000],
    ["5 failures, their delay over, one other", each(5, 0, 60), 1, 1_000],
  ])("%s", (_name, failures, others, wait) => {
    expect(guessWaitMs(passwordRule, failures, others, now)).toBe(wait);
  });

  test("a factor is locked by the 10th wrong code within a day, and again by each one after", () => {
    expect(guessWaitMs(factorRule, each(9, 3_600, 60), 0, now)).toBe(0);
    expect(guessWaitMs(factorRule, each(10, 3_600), 0, now)).toBe(900_000);
    expect(guessWaitMs(factorRule, each(10, 3_600, 901), 0, now)).toBe(0);
  });
});

test.each([
  ["192.0.2.1", "source:192.0.2.1"],
  ["::ffff:192.0.2.1", "source:192.0.2.1"],
  ["2001:db8:0:1:2:3:4:5", "source:2001:db8:0:1::/64"],
  ["2001:0DB8::9", "source:2001:db8:0:0::/64"],
  ["::1", "source:0:0:0:0::/64"],
  ["fe80::1%eth0", "source:fe80:0:0:0::/64"],
  ["2001:db8::3:192.0.2.1", "source:2001:db8:0:0::/64"],
  ["local socket", "source:local socket"],
])("failures from %s count under %s", (address, key) => {
  expect(sourceKey(address)).toBe(key);
});

test("a name is counted without being written down", () => {
  expect(nameKey("hunter2-my-password")).toMatch(/^user:[0-9a-f]{32}$/);
});

describeWithStores("lock-out", ({ open }) => {
  test("of a thousand tries at once five at most are let through, and twenty of all that follow", async () => {
    await using store = await open();
    const clock = { at: now, now: () => clock.at };
    const lockOut = new LockOut(store, clock);
    const tryOnce = async () => {
      using attempt = await lockOut.begin(passwordRule, ["user:a", "source:b"]);
      await attempt.failed();
    };
    const through = async (count: number) => {
      const all = await Promise.allSettled(Array.from({ length: count }, tryOnce));
      return all.filter(({ status }) => status === "fulfilled").length;
    };
    let taken = await through(1_000);
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThanOrEqual(5);
    for (let second = 0; second < 500; second++) {
      clock.at += 1_000;
      taken += await through(10);
    }
    expect(taken).toBe(20);
    await expect(lockOut.begin(passwordRule, ["user:a"])).rejects.toMatchObject({ code: "LOGIN_DELAYED", status: 429 });
    await expect(lockOut.begin(passwordRule, ["source:b", "user:c"])).rejects.toMatchObject({ code: "LOGIN_DELAYED" });
    using other = await lockOut.begin(passwordRule, ["user:c"]);
    expect(await other.failed()).toBe(false);
  });

  test("tries that did not fail leave nothing behind", async () => {
    await using store = await open();
    const lockOut = new LockOut(store, { now: () => now });
    for (let n = 0; n < 30; n++) (await lockOut.begin(passwordRule, ["user:a"]))[Symbol.dispose]();
    using attempt = await lockOut.begin(passwordRule, ["user:a"]);
    expect(await attempt.failed()).toBe(false);
  });

  test("a clock that was set back does not lock for longer", async () => {
    await using store = await open();
    const clock = { at: now, now: () => clock.at };
    const lockOut = new LockOut(store, clock);
    for (let n = 0; n < 10; n++) {
      using attempt = await lockOut.begin(passwordRule, ["user:a"]);
      await attempt.failed();
      clock.at += 20_000;
    }
    clock.at -= 86_400_000;
    using attempt = await lockOut.begin(passwordRule, ["user:a"]);
    expect(await attempt.failed()).toBe(false);
  });
});
