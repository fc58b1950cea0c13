import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WorkError } from "../errors.ts";
import { mergeParams, splitParams } from "./params.ts";

/** As a shell user would who trusts nothing. */
const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

describe("splitParams()", () => {
  test.each([
    ["", []],
    [" \t\r\n", []],
    ["a b\tc\rd\ne", ["a", "b", "c", "d", "e"]],
    ['-c "read PAYLOAD; echo ${PAYLOAD^^}"', ["-c", "read PAYLOAD; echo ${PAYLOAD^^}"]],
    ["'a b' 'c\\'", ["a b", "c\\"]],
    ["'$HOME *' ~ `id` $(id) a|b;c&d>e", ["$HOME *", "~", "`id`", "$(id)", "a|b;c&d>e"]],
    ['"a\\"b" "\\n" "\\\\" "\\$"', ['a"b', "n", "\\", "$"]],
    ["a\\ b \\n \\\\ \\# \\'", ["a b", "n", "\\", "#", "'"]],
    ["a\\\nb", ["a\nb"]],
    ["'' \"\" a''", ["", "", "a"]],
    [`a'b'"c"\\d`, ["abcd"]],
    ["a # b\nc", ["a", "c"]],
    ["#a b", []],
    ["a#b '#' \\# ''#c", ["a#b", "#", "#", "#c"]],
    ["a #'open", ["a"]],
    ["a\u00a0b \u2003", ["a\u00a0b", "\u2003"]],
    ["'😀' ä", ["😀", "ä"]],
  ])("splits %j", (text, words) => {
    expect(splitParams(text)).toEqual(words);
  });

  test.each([
    ["'open", "EOF found when expecting closing quote"],
    ['"open', "EOF found when expecting closing quote"],
    ['"open \\"', "EOF found when expecting closing quote"],
    ["word\\", "EOF found after escape character"],
    ['"word\\', "EOF found after escape character"],
  ])("refuses %j: %s", (text, message) => {
    expect(() => splitParams(text)).toThrow(expect.objectContaining({ code: "PARAMS_REFUSED", message }));
  });

  test("gives back every word that was quoted", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(...Array.from("'\"\\# \n")) }),
    );
    fc.assert(
      fc.property(fc.array(text), fc.constantFrom(" ", "\t", "\n", " \r\n "), (words, blank) => {
        expect(splitParams(words.map(quote).join(blank))).toEqual(words);
      }),
    );
  });

  test("splits or refuses whatever it gets", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("ab'\"\\# \n\0")) }), (text) => {
        try {
          expect(splitParams(text).join("").length).toBeLessThanOrEqual(text.length);
        } catch (error) {
          expect(error).toBeInstanceOf(WorkError);
        }
      }),
    );
  });

  test("does not slow down on long params", () => {
    const words = Array.from({ length: 100_000 }, (_, n) => `word${n}`);
    expect(splitParams(words.map(quote).join(" "))).toEqual(words);
    expect(splitParams(quote("x".repeat(4_000_000)))[0]).toHaveLength(4_000_000);
  });
});

describe("mergeParams()", () => {
  test.each([
    ["", "", ""],
    ["a", "", "a"],
    ["", "b", "b"],
    ["a", "b c", "a b c"],
  ])("joins %j and %j", (fixed, atRunTime, merged) => {
    expect(mergeParams(fixed, atRunTime, true)).toBe(merged);
  });

  test("refuses params at run time where the type takes none, but not an empty text", () => {
    expect(mergeParams("a", "", false)).toBe("a");
    expect(() => mergeParams("a", "b", false)).toThrow(
      expect.objectContaining({ code: "PARAMS_REFUSED", message: "extra params provided but not allowed" }),
    );
  });
});
