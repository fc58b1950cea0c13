import { expect, test } from "vitest";
import { OpenAllowance } from "./open-allowance.ts";

function allowance() {
  const clock = { now: 0 };
  const allowed = new OpenAllowance({ opensAtOnce: 3, opensPerSecond: 10 }, () => clock.now);
  return { clock, spend: (count: number) => Array.from({ length: count }, () => allowed.spend()) };
}

test("a neighbour may open so many streams at once, then it is refused, then cut", () => {
  const { spend } = allowance();
  expect(spend(7)).toEqual(["take", "take", "take", "refuse", "refuse", "refuse", "cut"]);
});

test("what it may open grows again with time, up to the same number", () => {
  const { clock, spend } = allowance();
  spend(3);
  clock.now = 100;
  expect(spend(2)).toEqual(["take", "refuse"]);
  clock.now = 60_000;
  expect(spend(4)).toEqual(["take", "take", "take", "refuse"]);
});

test("opening steadily no faster than allowed is never refused", () => {
  const { clock, spend } = allowance();
  for (; clock.now < 10_000; clock.now += 100) expect(spend(1)).toEqual(["take"]);
});
