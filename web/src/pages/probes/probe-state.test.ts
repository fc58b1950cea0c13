import { expect, test } from "vitest";
import { noProbe, refusedWord, takeProbe, verdictNow, wordOf, type WordNow } from "./probe-state.ts";
import { foundIn, timesOf } from "./probe-times.ts";

const attempt = (more: object) => ({ type: "probe", attempt: 1, ok: true, ...more });
const words = (...said: WordNow["word"][]): WordNow[] => said.map((word, at) => ({ worker: `w${at}`, word }));

test("wordOf() is asking until there is a summary, and silent with a reason when there will be none", () => {
  const asked = takeProbe(noProbe, [attempt({})]);
  expect(wordOf("a", asked)).toEqual({ worker: "a", word: "asking" });
  expect(wordOf("a", asked, "it was canceled")).toEqual({ worker: "a", word: "silent", reason: "it was canceled" });
  const told = takeProbe(asked, [{ type: "summary", verdict: "down", reason: "refused" }]);
  expect(wordOf("a", told, "too late")).toEqual({ worker: "a", word: "down", reason: "refused" });
  expect(told.lines).toHaveLength(1);
});

test("refusedWord() is silent, with why and what to try as far as that is known", () => {
  const refused = { worker: "a", code: "TARGET_REFUSED" };
  expect(refusedWord(refused)).toEqual({ worker: "a", word: "silent", reason: "it refused (TARGET_REFUSED)" });
  expect(refusedWord({ ...refused, detail: "not this host", remedy: "ask for another" })).toEqual({
    ...{ worker: "a", word: "silent", reason: "it refused: not this host (TARGET_REFUSED)", remedy: "ask for another" },
  });
});

test("verdictNow() is final as soon as nobody's word can change it", () => {
  expect(verdictNow(words("up", "asking", "asking"))).toMatchObject({ isFinal: false, asking: 2, silent: 0 });
  expect(verdictNow(words("up", "up", "asking"))).toMatchObject({ verdict: "up", isFinal: true });
  expect(verdictNow(words("up", "silent", "asking"))).toMatchObject({ verdict: "undecided", isFinal: false });
  expect(verdictNow(words("up", "down", "asking"), 1)).toMatchObject({ verdict: "undecided", isFinal: true });
});

test("timesOf() tells each part over all attempts that have it, in their order", () => {
  const lines = takeProbe(noProbe, [
    attempt({ totalMs: 10, connectMs: 2 }),
    attempt({ totalMs: 20, connectMs: 4 }),
    attempt({ ok: false, error: "over" }),
  ]).lines;
  expect(timesOf(lines)).toEqual([
    { name: "connect", best: 2, average: 3, worst: 4 },
    { name: "all of it", best: 10, average: 15, worst: 20 },
  ]);
});

test("foundIn() names where it went and what was answered, and no more of that than fits", () => {
  const answers = ["1", "2", "3", "4", "5"].map((data) => ({ type: "A", ttl: 1, data }));
  expect(foundIn([attempt({ server: "10.0.0.53", code: "NOERROR", answers }) as never])).toBe(
    "10.0.0.53, NOERROR, 1, 2, 3, 4, …",
  );
  expect(foundIn([])).toBe("");
});
