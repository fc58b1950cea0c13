import { expect, test } from "vitest";
import { farhand, RouterUnderTest, stub } from "../../../test/kit/played-neighbour.ts";
import { encodeAlive } from "./neighbour-messages.ts";

/** A hub with so many stubs, which give signs of life of their own. */
function hubOf(count: number) {
  const node = new RouterUnderTest({ hello: farhand });
  const stubs = Array.from({ length: count }, (_, n) => node.neighbour(`stub${n}`, {}, stub));
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      if (passed % 10_000 === 0) for (const leaf of stubs) leaf.say(encodeAlive(7));
      node.clock.pass(50);
    }
  };
  return { stubs, pass };
}

const signs = (leaf: ReturnType<typeof hubOf>["stubs"][number]): number => leaf.sentOf(17).length;

test("each of many stubs gets a sign of life every 10 s, and never all of them at once", () => {
  const { stubs, pass } = hubOf(100);
  const all = (): number => stubs.reduce((sum, leaf) => sum + signs(leaf), 0);
  const before = stubs.map(signs);
  let most = 0;
  for (let ms = 0; ms < 60_000; ms += 250) {
    const known = all();
    pass(250);
    most = Math.max(most, all() - known);
  }
  expect(most).toBeLessThanOrEqual(2 * 5);
  for (const [n, leaf] of stubs.entries()) expect([5, 6, 7]).toContain(signs(leaf) - (before[n] ?? 0));
});

test("who leaves gets none any more, and those that are left are not forgotten", () => {
  const { stubs, pass } = hubOf(3);
  const [first, second, third] = stubs;
  pass(10_000);
  second?.link.drop("it has left");
  pass(30_000);
  expect([first, second, third].map((leaf) => leaf && signs(leaf))).toEqual([4, 1, 4]);
  for (const leaf of stubs) leaf.link.drop("it has left");
  pass(30_000);
  expect(first && signs(first)).toBe(4);
});
