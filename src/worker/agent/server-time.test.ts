import { expect, test } from "vitest";
import { ServerTime } from "./server-time.ts";

test("the server's time goes on as ours is measured, from what was said last", () => {
  let elapsed = 500;
  const time = new ServerTime({ elapsed: () => elapsed });
  time.learn(1_000_000, 20);
  elapsed += 4_000;
  expect(time.now()).toBe(1_004_010);
  // This machine slept for an hour, and its measure of time with it.
  time.learn(4_604_000, 0);
  elapsed += 1;
  expect(time.now()).toBe(4_604_001);
});
