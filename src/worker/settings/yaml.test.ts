import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainOf } from "./document.ts";
import { Faults } from "./faults.ts";
import { Octal, readYaml, writeYaml } from "./yaml.ts";

function read(text: string): unknown {
  const faults = new Faults();
  const document = readYaml(text, "a.yml", faults);
  faults.throwIfAny();
  return document && plainOf(document);
}

describe("readYaml() speaks YAML 1.1", () => {
  test.each([
    ["0660", 432],
    ["0x1F", 31],
    ["0b11", 3],
    ["1_000", 1000],
    ["12:30:45", 45_045],
    ["1e3", 1000],
    ["-7", -7],
    ["yes", true],
    ["Yes", true],
    ["on", true],
    ["y", true],
    ["no", false],
    ["OFF", false],
    ["n", false],
    ["~", null],
    ["null", null],
    ["0o17", "0o17"],
    ["2024-01-01", "2024-01-01"],
    ['"0660"', "0660"],
    ["'yes'", "yes"],
    ["!!str 12", "12"],
  ])("%s", (text, value) => {
    expect(read(`key: ${text}\n`)).toEqual({ key: value });
  });

  test("keys stay as they are written", () => {
    expect(read("{on: 1, 1: 2, 0660: 3, y: 4}")).toEqual({ on: 1, "1": 2, "0660": 3, y: 4 });
  });

  test("anchors, aliases and merges work", () => {
    expect(read("a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, l: 3}\n")).toEqual({
      a: { k: 1, l: 2 },
      b: { k: 1, l: 2 },
      c: { k: 1, l: 3 },
    });
  });

  test("markers, comments and an empty second document are nothing", () => {
    expect(read("---\na: 1 # one\n...\n---\n")).toEqual({ a: 1 });
    expect(read("# nothing\n")).toBeUndefined();
  });

  test("positions count from 1", () => {
    const document = readYaml("a:\n  - b: c\n", "a.yml", new Faults());
    expect(document).toMatchObject({ entries: [{ at: { line: 1, column: 1 } }] });
    expect(document).toMatchObject({ entries: [{ value: { items: [{ at: { line: 2, column: 5 } }] } }] });
  });
});

describe("readYaml() refuses", () => {
  test.each([
    ["several documents", "a: 1\n---\nb: 2\n", /a.yml:3:1: .*the file holds several documents/],
    ["a key given twice", "a: 1\na: 2\n", /a.yml:2:1: .*duplicate key "a"/],
    ["an alias of nothing", "a: *x\n", /no &x stands before \*x/],
    ["an alias that holds itself", "&a [*a]", /\*a holds itself/],
    ["a list as key", "? [a]\n: 1\n", /a key must be a plain word/],
    ["broken text", "a: [1", /a.yml:1:\d+: error loading config file: /],
    ["a tab as indentation", "a:\n\tb: 1\n", /error loading config file: /],
    ["deep nesting", "[".repeat(100_000), /nested more than 64 levels deep/],
    ["deep blocks", "- ".repeat(1000), /nested more than 64 levels deep/],
  ])("%s", (_name, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("aliases that multiply each other", () => {
    const levels = Array.from({ length: 30 }, (_, level) => `- &l${level + 1} [*l${level}, *l${level}, *l${level}]`);
    expect(() => read(["- &l0 [x, x, x]", ...levels].join("\n"))).toThrow("aliases multiply");
  });
});

describe("writeYaml()", () => {
  test("quotes text that a reader would take for something else", () => {
    const text = writeYaml(["yes", "0660", "0o17", "12:30:45", "2024-01-01", "null", "1_000", "", " x", "a: b"]);
    expect(text).not.toMatch(/^- [^"]/m);
  });

  test("keeps a name that begins with a byte order mark, which a text would lose", () => {
    for (const name of ['\ufeff"', "\ufeff", "\u2028", " a", "a\nb"])
      expect(read(writeYaml({ [name]: { [name]: name } }))).toEqual({ [name]: { [name]: name } });
  });

  test("writes permissions in octal", () => {
    expect(writeYaml({ permissions: new Octal(0o660) })).toBe("permissions: 0660\n");
  });

  test("writes what readYaml() reads back, whatever the text", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme" }),
      fc.lorem(),
      multiline,
      fc.double(finite).map((n) => n || 0),
    );
    fc.assert(
      fc.property(fc.array(value), (items) => {
        expect(read(writeYaml([0, ...items]))).toEqual([0, ...items]);
      }),
      {
        numRuns: 500,
      },
    );
  });
});

const multiline = fc.string({ unit: fc.constantFrom("a", " ", "\n", "#", ":", "-", "\t", "\r", '"', "\\", "'", "0") });
const finite = { noNaN: true, noDefaultInfinity: true } as const;
