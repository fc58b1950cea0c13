import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitParams } from "#work";
import { paramsOf, templateFault } from "./unit-words.ts";

const words = { path: "/in/sub/a b.csv", name: "a b.csv", file: "sub/a b.csv", watcher: "in" };

describe("paramsOf()", () => {
  test("a placeholder is one word, or part of one", () => {
    expect(splitParams(paramsOf("--in={path} -- {name} {other}", words))).toEqual([
      "--in=/in/sub/a b.csv",
      "--",
      "a b.csv",
      "{other}",
    ]);
  });

  test("no name gets out of its word, also where the template quotes", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1 }),
        fc.constantFrom("{name}", '"x {name}"', "'{name}'y"),
        (name, at) => {
          const [first, second, third, ...more] = splitParams(paramsOf(`run ${at} end`, { ...words, name }));
          expect([first, third, more]).toEqual(["run", "end", []]);
          expect(second).toBe(splitParams(at)[0]?.replace("{name}", () => name));
        },
      ),
    );
  });

  test("a name that looks like a placeholder or a quote is data", () => {
    const name = `{path}' "; rm -rf / #$(id)\n`;
    expect(splitParams(paramsOf("{name}", { ...words, name }))).toEqual([name]);
  });
});

describe("templateFault()", () => {
  test.each(["", "{path}", "--name={name}", "-- {name}", "a 'b c' {watcher}"])("%j may be used", (template) => {
    expect(templateFault(template)).toBeUndefined();
  });

  test.each([
    ["{name}", /may begin with "-"/],
    ["{file} --", /may begin with "-"/],
    ["{pth}", /there is no \{pth\}/],
    ["'open", /closing quote/],
  ])("%j may not", (template, why) => {
    expect(templateFault(template)).toMatch(why);
  });
});
