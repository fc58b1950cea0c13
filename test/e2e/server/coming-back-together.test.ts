import { describe, expect, test } from "vitest";
import { comeBackWithinMs } from "../../../src/server/registry/liveness.ts";
import { Patience } from "../../../src/worker/agent/patience.ts";
import { virtualClock } from "../../kit/virtual-clock.ts";

/** Numbers from 0 up to 1, the same ones in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const never = new AbortController().signal;

describe("after a restart of the server (CAT-38)", () => {
  test("200 workers come back from a restart of 5 s within a minute, and never 50 of them within a second", async () => {
    const clock = virtualClock();
    const random = seeded(38);
    const upAt = clock.elapsed() + 5_000;
    const registeredAt: number[] = [];
    const worker = async (): Promise<void> => {
      const patience = new Patience(clock, random);
      while (clock.elapsed() < upAt) await patience.wait(never);
      await patience.spread(comeBackWithinMs(200), never);
      registeredAt.push(clock.elapsed());
    };
    const all = Promise.all(Array.from({ length: 200 }, worker));
    await clock.pass(60_000);
    await all;
    expect(registeredAt).toHaveLength(200);
    for (const from of registeredAt)
      expect(registeredAt.filter((at) => at >= from && at < from + 1_000).length).toBeLessThan(50);
  });

  test("one worker alone is back at once, and ten thousand take half a minute", () => {
    expect(comeBackWithinMs(1)).toBeLessThan(100);
    expect(comeBackWithinMs(500)).toBe(15_000);
    expect(comeBackWithinMs(10_000)).toBe(30_000);
  });
});
