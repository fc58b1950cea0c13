import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("Turns let so many in at once, and the next when one has ended, once for each", async () => {
  const turns = new Turns(2);
  const entered: number[] = [];
  const ends: (() => void)[] = [];
  const enter = async (n: number) => {
    const end = await turns.take();
    entered.push(n);
    ends.push(end);
  };
  const all = [0, 1, 2, 3].map(enter);
  await Promise.all(all.slice(0, 2));
  expect(entered).toEqual([0, 1]);
  ends[0]?.();
  ends[0]?.();
  await all[2];
  await Promise.resolve();
  expect(entered).toEqual([0, 1, 2]);
  ends[1]?.();
  await all[3];
  expect(entered).toEqual([0, 1, 2, 3]);
});
