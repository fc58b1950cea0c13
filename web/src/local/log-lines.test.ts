import { expect, test } from "vitest";
import { joinedLines, lineOf } from "./log-lines.ts";

const line = (n: number) => lineOf({ n, at: 1_000 + n, level: "info", message: `m${n}` });
const texts = (lines: readonly { readonly text: string }[]) => lines.map(({ text }) => text);

test("CAT-108: lines from before and lines that come meanwhile are one log: in order, none twice, none missed", () => {
  expect(texts(joinedLines([line(3)], [line(1), line(2), line(3), line(4)], 10))).toEqual(["m1", "m2", "m3", "m4"]);
  expect(texts(joinedLines([line(1), line(2)], [line(3)], 10))).toEqual(["m1", "m2", "m3"]);
  expect(texts(joinedLines([line(1), line(2)], [line(3)], 2))).toEqual(["m2", "m3"]);
});

test("a line of a new start has the same number and another time: it is another line", () => {
  const again = lineOf({ n: 1, at: 5_000, level: "warn", message: "anew" });
  expect(texts(joinedLines([line(1)], [again], 10))).toEqual(["m1", "anew"]);
});

test("fields stand behind the message, and an unknown level counts as info", () => {
  expect(lineOf({ n: 1, at: 2, level: "fatal", message: "m", fields: { a: 1 } })).toMatchObject({
    ...{ level: "info", text: 'm {"a":1}' },
  });
});
