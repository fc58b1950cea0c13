import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quorumVerdict, type ProbeWord } from "./quorum.ts";

const wordsOf = (...words: ProbeWord["word"][]): ProbeWord[] => words.map((word, at) => ({ worker: `w${at}`, word }));

describe("quorumVerdict()", () => {
  test.each([
    [["up", "up", "down"], 2, "up"],
    [["up", "down", "down"], 2, "down"],
    [["up", "down", "silent"], 2, "undecided"],
    [["up", "up", "down", "down"], 2, "undecided"],
    [["silent", "silent"], 1, "undecided"],
    [["up", "silent", "silent"], 1, "up"],
  ] as const)("of %j with %i that must agree is %s", (words, quorum, verdict) => {
    expect(quorumVerdict(wordsOf(...words), quorum).verdict).toBe(verdict);
  });

  test("without a number asks for more than half of all, the silent ones among them", () => {
    expect(quorumVerdict(wordsOf("up", "up", "silent", "silent"))).toMatchObject({ verdict: "undecided", quorum: 3 });
    expect(quorumVerdict(wordsOf("up", "up", "silent"))).toMatchObject({ verdict: "up", quorum: 2 });
  });

  test("never takes silence for down", () => {
    const word = fc.constantFrom<ProbeWord["word"]>("up", "silent");
    fc.assert(
      fc.property(fc.array(word), fc.integer({ min: 1, max: 9 }), (words, quorum) => {
        expect(quorumVerdict(wordsOf(...words), quorum).verdict).not.toBe("down");
      }),
    );
  });
});
