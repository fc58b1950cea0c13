import { expect, test } from "vitest";
import type { Log } from "#core";
import { Trouble } from "./trouble.ts";

function setUp() {
  const said: string[] = [];
  const to = (level: string) => (message: string) => void said.push(`${level}: ${message}`);
  const log: Log = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  let now = 0;
  const trouble = new Trouble("road", log, { elapsed: () => now });
  return { trouble, said, pass: (minutes: number) => void (now += minutes * 60_000) };
}

test("note() says what is new, and what lasts after minutes with a count", () => {
  const { trouble, said, pass } = setUp();
  for (const text of ["a", "a", "a", "b", "b", "a"]) trouble.note(text);
  expect(said).toEqual([
    "warn: road: a",
    "debug: road: a",
    "debug: road: a",
    "warn: road: b",
    "debug: road: b",
    "warn: road: a",
  ]);
  said.length = 0;
  trouble.note("a");
  pass(11);
  trouble.note("a");
  trouble.note("a");
  expect(said).toEqual(["debug: road: a", "warn: road: a (2 more times)", "debug: road: a"]);
});

test("over() makes the same trouble news again", () => {
  const { trouble, said } = setUp();
  expect(trouble.over()).toBe(false);
  trouble.note("a");
  expect(trouble.text).toBe("a");
  expect(trouble.over()).toBe(true);
  expect(trouble.text).toBeUndefined();
  trouble.note("a");
  expect(said).toEqual(["warn: road: a", "warn: road: a"]);
});
