import { once } from "node:events";
import { expect, test } from "vitest";
import { Joining } from "./joining.ts";

/** Waits for a person until it is given up. */
async function untilGivenUp(waiting: (fingerprint: string) => void, signal: AbortSignal): Promise<string> {
  waiting("abcd");
  await once(signal, "abort");
  throw new Error("given up");
}

test("what needs nobody is over when it is answered", async () => {
  const joining = new Joining();
  expect(await joining.begin("https://farm", () => Promise.resolve("joined"))).toBe("joined");
  expect([joining.isRunning, joining.shown]).toEqual([false, {}]);
  await expect(joining.begin("https://farm", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect([joining.isRunning, joining.shown]).toEqual([false, {}]);
});

test("what waits for a person shows its fingerprint until it is given up, and no trouble then", async () => {
  const joining = new Joining();
  const waiting = { fingerprint: "abcd", server: "https://farm", since: expect.any(Number) as number };
  expect(await joining.begin("https://farm", untilGivenUp)).toEqual(waiting);
  expect([joining.isRunning, joining.shown]).toEqual([true, { waiting }]);
  await joining.giveUp();
  expect([joining.isRunning, joining.shown]).toEqual([false, {}]);
});

test("a refusal that comes later is told afterwards; the next begins without it, and in place of one that waits", async () => {
  const joining = new Joining();
  const deciding = new AbortController();
  await joining.begin("https://farm", async (waiting) => {
    waiting("abcd");
    await once(deciding.signal, "abort");
    throw new Error("an administrator does not want it");
  });
  deciding.abort();
  await expect.poll(() => joining.shown).toEqual({ trouble: "an administrator does not want it" });
  await joining.begin("https://farm", untilGivenUp);
  expect(joining.shown).not.toHaveProperty("trouble");
  await joining.begin("https://barn", untilGivenUp);
  expect(joining.shown.waiting?.server).toBe("https://barn");
  await joining.giveUp();
});
