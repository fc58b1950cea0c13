import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pattern } from "./pattern.ts";

const matches = (pattern: string, text: string): boolean => new Pattern(pattern).matches(text);

describe("Pattern.matches()", () => {
  test.each([
    ["", "", "a"],
    ["node1", "node1", "node10"],
    ["web.*", "web-1", "aweb-1"],
    ["(?i)web.*", "WEB-1", "we"],
    ["a|bc", "bc", "ac"],
    ["(?:foo|bar)+-[0-9]{2,3}", "foobar-123", "foo-1"],
    ["(?P<site>[a-z]+)\\.(?<host>x)", "ab.x", "abx"],
    ["a(?i)b(?-i)c", "aBc", "aBC"],
    ["(?i:a)b", "Ab", "AB"],
    ["(?i)[a-c]", "B", "d"],
    ["(?i)[^a-c]", "d", "B"],
    ["(?i)straße", "STRAßE", "STRASSE"],
    ["[]a]+", "]a", "b"],
    ["[a-]", "-", "b"],
    ["[\\d_-]+", "1-_", "a"],
    ["[[:alpha:][:digit:]]+", "a1", "_"],
    ["[[:^space:]]", "a", " "],
    ["[^[:cntrl:]]+", "a b", "a\u0001"],
    ["\\pL+", "aé", "a1"],
    ["\\p{Greek}\\P{Greek}\\p{^Greek}", "αab", "aαb"],
    ["\\w\\W\\s\\S\\D", "a- ax", "a- a1"],
    ["\\Qa.b*\\E+", "a.b**", "aab"],
    ["\\x41\\x{1F600}\\101\\.", "A\u{1f600}A.", "A\u{1f600}Ax"],
    [".", "\u{1f600}", "\n"],
    ["(?s).", "\n", ""],
    ["(?m)a$\\n^b", "a\nb", "a\n"],
    ["^a$", "a", "ab"],
    ["\\Aa\\z", "a", "b"],
    ["a\\b-\\Bx*", "a-", "ab"],
    ["(a*)*", "aaa", "b"],
    ["(a|b*)*c??", "abbac", "ca"],
    ["a{2}", "aa", "aaa"],
    ["a{2,}?", "aaaa", "a"],
    ["a{,2}", "a{,2}", "a"],
    ["x{0}y", "y", "xy"],
    ["\\-\\_\\@", "-_@", "a"],
  ])("%j takes %j and not %j", (pattern, right, wrong) => {
    expect([matches(pattern, right), matches(pattern, wrong)]).toEqual([true, false]);
  });

  test("answers as the engine does where both have the syntax", () => {
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", ""),
        fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => one + other),
        fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(${one}|${other})`),
        fc
          .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{0,}", "*?"))
          .map(([one, times]) => `(?:${one})${times}`),
      ),
    }));
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 6 }), (source, text) => {
        expect(matches(source, text)).toBe(new RegExp(`^(?:${source})$`).test(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("takes its time from the length of the text, never from bad luck", () => {
    for (const pattern of ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*.*.*.*.*)*b", "(a?){200}a{200}b"])
      expect(matches(pattern, "a".repeat(2000))).toBe(false);
  });
});

describe("new Pattern()", () => {
  test.each([
    ["a(", "a ( is not closed"],
    ["a)", "a ) closes nothing"],
    ["[a", "a [ is not closed"],
    ["[", "a [ is not closed"],
    ["[b-a]", "a range in brackets has no end or the wrong one"],
    ["[a-\\d]", "a range in brackets has no end or the wrong one"],
    ["[[:letter:]]", "[:letter:] names no characters"],
    ["*a", "a repetition has nothing to repeat"],
    ["(|+)", "a repetition has nothing to repeat"],
    ["a**", "a repetition is repeated"],
    ["a{3,2}", "{3,2} is no repetition"],
    ["a{1001}", "{1001} is no repetition"],
    ["((a{1000}){1000}){1000}", "the pattern is too large"],
    ["(?=a)", "a group is of no kind RE2 has"],
    ["(?<!a)b", "a group is of no kind RE2 has"],
    ["(a)\\1", "\\1 means nothing"],
    ["\\y", "\\y means nothing"],
    ["\\p{Nonsense}", "\\p names no characters"],
    ["\\x{110000}", "no character has the number 110000"],
    ["a\\", "a backslash ends the pattern"],
    ["(".repeat(2000), "groups are nested too deeply"],
    ["a".repeat(5000), "the pattern is too long"],
  ])("refuses %j", (pattern, message) => {
    expect(() => new Pattern(pattern)).toThrow(new SyntaxError(message));
  });

  test("takes any text or throws a SyntaxError", () => {
    const signs = fc.constantFrom(..."()[]{}|*+?.\\^$-:,<>PQEpxdbi19aα".split(""), "(?", "[:", "\\p{");
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: signs })), fc.string(), (pattern, text) => {
        try {
          expect(matches(pattern, text)).toBeTypeOf("boolean");
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
