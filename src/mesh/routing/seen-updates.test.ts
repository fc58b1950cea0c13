import { expect, test } from "vitest";
import { SeenUpdates } from "./seen-updates.ts";

const hourMs = 3_600_000;

test("an id is new once, for an hour at least", () => {
  const seen = new SeenUpdates();
  expect(seen.add("a", 0)).toBe(true);
  expect(seen.add("a", hourMs)).toBe(false);
  seen.add("b", hourMs + 1);
  expect(seen.has("a")).toBe(true);
  seen.add("c", 2 * hourMs + 2);
  expect(seen.has("a")).toBe(false);
  expect(seen.has("b")).toBe(true);
});

test("a flood of ids costs memory of a bounded size; the latest of them stay known", () => {
  const seen = new SeenUpdates();
  const long = "x".repeat(240);
  for (let number = 0; number < 200_000; number++) seen.add(`${long}${number}`, 0);
  expect(seen.has(`${long}0`)).toBe(false);
  for (let number = 180_000; number < 200_000; number++) expect(seen.has(`${long}${number}`)).toBe(true);
});
