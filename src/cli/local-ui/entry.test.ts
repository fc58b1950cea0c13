import { expect, test } from "vitest";
import { virtualClock } from "../../../test/kit/virtual-clock.ts";
import { Entry } from "./entry.ts";

const minute = 60_000;
const refused = (message: string): object => expect.objectContaining({ code: "LOCAL_CODE", message });

test("the code waits ten minutes for its browser, and no longer", async () => {
  const clock = virtualClock();
  const [early, late] = [new Entry(clock), new Entry(clock)];
  await clock.pass(10 * minute - 1);
  const { cookie, key } = early.enter(early.code);
  early.check(cookie, key);
  await clock.pass(1);
  expect(() => late.enter(late.code)).toThrow(refused("the code is not good any more"));
});

test("a browser stays in for twelve hours; then its cookie opens nothing, and neither does the code", async () => {
  const clock = virtualClock();
  const entry = new Entry(clock);
  const { cookie, key } = entry.enter(entry.code);
  await clock.pass(12 * 60 * minute);
  entry.check(cookie, key);
  await clock.pass(1);
  expect(() => entry.check(cookie, key)).toThrow(refused("this browser was let in too long ago"));
  expect(() => entry.enter(entry.code)).toThrow(refused("the code is not good any more"));
});
