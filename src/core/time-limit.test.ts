import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { timeLimit } from "./time-limit.ts";

/** What Node does by itself when it has much to do. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

test("fires also when garbage was collected meanwhile, however often it was combined", async () => {
  const never = new AbortController();
  const reasons: unknown[] = [];
  const listen = (signal: AbortSignal): void =>
    signal.addEventListener("abort", () => reasons.push((signal.reason as Error).name));
  for (let n = 0; n < 20; n++) {
    listen(timeLimit(200));
    listen(timeLimit(200, never.signal));
    listen(AbortSignal.any([never.signal, timeLimit(200)]));
    listen(AbortSignal.any([never.signal, timeLimit(200, never.signal)]));
  }
  for (let n = 0; n < 3; n++) {
    await sleep(20);
    collectGarbage();
  }
  await expect.poll(() => reasons.length).toBe(80);
  expect(new Set(reasons)).toEqual(new Set(["TimeoutError"]));
});

test("fires with another signal at once, for its reason", () => {
  const other = new AbortController();
  const signal = timeLimit(60_000, other.signal);
  other.abort("enough");
  expect(signal).toMatchObject({ aborted: true, reason: "enough" });
});
