import { describe, expect, test } from "vitest";
import { virtualClock } from "../../../test/kit/virtual-clock.ts";
import { Patience, patienceTimes } from "./patience.ts";

const never = new AbortController().signal;

describe("patience with a server (CAT-38)", () => {
  test("wait() doubles, leaves a half to chance, and never takes longer than five minutes", async () => {
    for (const chance of [0, 0.999_999]) {
      const clock = virtualClock();
      const patience = new Patience(clock, () => chance);
      const waits: number[] = [];
      for (let tries = 0; tries < 20; tries++) {
        const from = clock.elapsed();
        const waiting = patience.wait(never).then(() => void waits.push(Math.round(clock.elapsed() - from)));
        while (waits.length === tries) await clock.pass(1_000);
        await waiting;
      }
      expect(waits[0]).toBeLessThanOrEqual(patienceTimes.shortestMs);
      expect(Math.max(...waits)).toBeLessThanOrEqual(patienceTimes.longestMs);
      expect(waits.at(-1)).toBeGreaterThanOrEqual(patienceTimes.longestMs / 2);
      expect(waits).toEqual([...waits].sort((a, b) => a - b));
    }
  });

  test("answered() bounds the pauses: a server that is there is not left alone for minutes", async () => {
    const clock = virtualClock();
    const patience = new Patience(clock, () => 1);
    for (let tries = 0; tries < 20; tries++) {
      patience.answered();
      const from = clock.elapsed();
      const waiting = patience.wait(never);
      await clock.pass(patienceTimes.longestAnsweredMs);
      await waiting;
      expect(clock.elapsed() - from).toBeLessThanOrEqual(patienceTimes.longestAnsweredMs);
    }
  });

  test("wake() ends the wait, and the pauses are short again", async () => {
    const clock = virtualClock();
    const patience = new Patience(clock, () => 1);
    for (let tries = 0; tries < 12; tries++) {
      const waiting = patience.wait(never);
      await clock.pass(patienceTimes.longestMs);
      await waiting;
    }
    const from = clock.elapsed();
    const waiting = patience.wait(never);
    await clock.pass(10);
    patience.wake();
    await waiting;
    expect(clock.elapsed() - from).toBe(10);
    const next = patience.wait(never);
    await clock.pass(patienceTimes.shortestMs);
    await next;
    expect(clock.elapsed() - from).toBe(10 + patienceTimes.shortestMs);
  });
});
