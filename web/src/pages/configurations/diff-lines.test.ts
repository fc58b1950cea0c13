import { expect, test } from "vitest";
import { diffLines, hunksOf } from "./diff-lines.ts";

const shown = (before: string, after: string): string[] =>
  diffLines(before, after).map(({ sign, text }) => `${sign}${text}`);

test("lines that are in both stay, the others are taken away and added", () => {
  expect(shown("a\nb\nc\n", "a\nx\nc\n")).toEqual([" a", "-b", "+x", " c"]);
  expect(shown("a\nb\n", "b\nc\n")).toEqual(["-a", " b", "+c"]);
  expect(shown("", "a\n")).toEqual(["+a"]);
  expect(shown("a\n", "")).toEqual(["-a"]);
  expect(shown("a\n", "a\n")).toEqual([" a"]);
  expect(shown("", "")).toEqual([]);
});

test("each line has its number in the text it is of", () => {
  expect(diffLines("a\nb\n", "x\na\nc\n").map(({ from, to }) => [from, to])).toEqual([
    [undefined, 1],
    [1, 2],
    [2, undefined],
    [undefined, 3],
  ]);
});

test("taking away and adding gives the second text, whatever the two are", () => {
  let seed = 7;
  const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let n = 0; n < 200; n++) {
    const text = (): string => Array.from({ length: next(12) }, () => `${"abcd"[next(4)]}\n`).join("");
    const [before, after] = [text(), text()];
    const lines = diffLines(before, after);
    const without = (sign: string): string =>
      lines.flatMap((line) => (line.sign === sign ? [] : [`${line.text}\n`])).join("");
    expect([without("+"), without("-")]).toEqual([before, after]);
  }
});

test("texts too long to be compared line by line are told as another text, and soon", () => {
  const text = (letter: string): string => Array.from({ length: 3_000 }, (_, n) => `${letter}${n}\n`).join("");
  const lines = diffLines(`same\n${text("a")}`, `same\n${text("b")}`);
  expect(lines.filter(({ sign }) => sign === " ")).toHaveLength(1);
  expect(lines).toHaveLength(6_001);
});

test("equal lines far from a change are left out, and counted", () => {
  const many = Array.from({ length: 20 }, (_, n) => `${n}\n`).join("");
  const [hunk, ...more] = hunksOf(diffLines(many, many.replace("10\n", "ten\n")));
  expect(more).toEqual([]);
  expect(hunk?.skipped).toBe(7);
  expect(hunk?.lines.map(({ sign, text }) => sign + text)).toEqual([
    " 7",
    " 8",
    " 9",
    "-10",
    "+ten",
    " 11",
    " 12",
    " 13",
  ]);
  expect(hunksOf(diffLines("a\n", "a\n"))).toEqual([]);
});
