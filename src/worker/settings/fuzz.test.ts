import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fuzzProperties } from "../../../test/kit/fuzz.ts";
import { SettingsError } from "../errors.ts";
import { convertSettings } from "./convert.ts";
import { parseSettings } from "./parse.ts";
import { parseReceptorArgs } from "./receptor-args.ts";
import { fieldsOf, sectionNames, sectionRow } from "./sections.ts";

/** Whatever comes in, either settings come out or a SettingsError with at least one fault; anything else is thrown on. */
function survives(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.length > 0;
    throw error;
  }
}

const yamlish = fc.string({
  unit: fc.constantFrom(
    ..."-:?[]{},#&*!|>'\"%@` \n\t\r01ax~<=.".split(""),
    "  ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "---\n",
  ),
  maxLength: 200,
});

const words = [
  ...sectionNames.flatMap((name) => [name, sectionRow(name).mapName, ...fieldsOf(name).keys()]),
  ..."localhost 0660 -1 1e400 .nan 1:2 {} [] remote /x( 21s version __proto__ constructor toString".split(" "),
];

const anyWord = fc.constantFrom(...words);
const anyTree = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    anyWord,
    fc.jsonValue(),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(anyWord, tie("tree"), { maxKeys: 4 }),
  ),
})).tree;

const argument = fc.oneof(
  anyWord.map((word) => `--${word}`),
  fc.tuple(anyWord, fc.oneof(anyWord, fc.string(), fc.json())).map(([key, value]) => `${key}=${value}`),
  fc.string(),
  fc.constantFrom("--config", "-c", "--config=x", "--version"),
);

fuzzProperties("settings are read, or refused with a fault", {
  "any text": fc.property(fc.oneof(fc.string({ unit: "binary" }), yamlish), (text) =>
    survives(() => convertSettings(parseSettings(text, "a.yml"), "map")),
  ),
  "any values in any place": fc.property(anyTree, (tree) =>
    survives(() => convertSettings(parseSettings(JSON.stringify(tree), "a.yml"), "list")),
  ),
  "any arguments": fc.property(fc.array(argument), (argv) => survives(() => parseReceptorArgs(argv, (path) => path))),
});

describe("parseSettings() survives", () => {
  test.each([
    ["brackets", "["],
    ["braces", "{a: "],
    ["dashes", "- "],
    ["question marks", "? "],
    ["anchors", "&a "],
    ["tags", "! "],
    ["base-60", "1:"],
    ["pairs", "[]"],
    ["ends", "]\n"],
    ["wrong items", "- a: b: c\n"],
    ["quotes", "'"],
    ["documents", "--- a\n"],
    ["aliases", "- &a x\n- *a\n"],
    ["unknown sections", "- x\n"],
    ["merges", "<<: {a: b}\n"],
  ])("a file of nothing but %s", (_name, text) => {
    expect(survives(() => parseSettings(text.repeat(40_000 / text.length), "a.yml"))).toBe(true);
  });
});
