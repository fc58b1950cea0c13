import { expect, test } from "vitest";
import { silentLog } from "#core";
import { SparingLog } from "./sparing-log.ts";

function setUp() {
  const said: string[] = [];
  let now = 0;
  const log = new SparingLog({ ...silentLog, warn: (text) => void said.push(text) }, () => now);
  return { log, said, pass: (seconds: number) => void (now += seconds * 1000) };
}

test("warn() says one thing a second at most", () => {
  const { log, said, pass } = setUp();
  for (const text of ["a", "b", "c"]) log.warn(text);
  pass(1);
  log.warn("d");
  expect(said).toEqual(["a", "d"]);
});

test("warn() says the same again after ten minutes only, with how often it was not said", () => {
  const { log, said, pass } = setUp();
  for (let count = 0; count < 130; count++, pass(5)) log.warn("a", { remoteAddress: "x" });
  log.warn("a", { remoteAddress: "y" });
  expect(said).toEqual(["a", "a (119 more times)", "a"]);
});
