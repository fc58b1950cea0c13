import { expect, test } from "vitest";
import { readDocumentText, writeDocumentText } from "./document-text.ts";

const faultsOf = (text: string) => {
  const read = readDocumentText(text);
  return "faults" in read ? read.faults : [];
};

test("a text is read with the place of each key, and of a key that is missing the one around it", () => {
  const read = readDocumentText("log:\n  level: loud\nroads:\n  - kind: ws\n    cost: 2\n");
  if (!("placed" in read)) throw new Error("it is not read");
  expect(read.document).toEqual({ log: { level: "loud" }, roads: [{ kind: "ws", cost: 2 }] });
  const at = (path: string) => read.placed([{ path, reason: "r" }])[0];
  expect(at("/log/level")).toEqual({ path: "/log/level", reason: "r", line: 2, column: 3 });
  expect(at("/roads/0/cost")).toMatchObject({ line: 5, column: 5 });
  expect(at("/roads/0/url")).toMatchObject({ line: 4 });
  expect(at("/nowhere")).toMatchObject({ line: null, column: null });
});

test("what cannot be read is told with its line", () => {
  expect(faultsOf("log:\n  level: [debug\n")).toMatchObject([{ path: "", line: expect.any(Number) }]);
  expect(faultsOf("a: 1\na: 2\n")).toMatchObject([{ line: 2, reason: 'the key "a" stands here twice' }]);
  expect(faultsOf("a: &x 1\nb: *x\n")).toMatchObject([{ line: 1 }, { line: 2 }]);
  expect(faultsOf("a: !!str 1\n")).toMatchObject([{ line: 1, reason: expect.stringContaining("tags") }]);
  expect(faultsOf("? [1, 2]\n: 3\n")).toMatchObject([{ reason: "a key must be a plain word" }]);
  expect(faultsOf("a: .inf\n")).toMatchObject([{ line: 1 }]);
  expect(faultsOf("a: 1\n---\nb: 2\n")).toMatchObject([{ line: 3, reason: expect.stringContaining("several") }]);
  expect(faultsOf("- 1\n")).toMatchObject([{ line: null, reason: expect.stringContaining("mapping") }]);
});

test("a text that is too long or too deep is refused before it costs anything", () => {
  expect(faultsOf("[".repeat(200_000))).toMatchObject([{ reason: expect.stringContaining("nested") }]);
  expect(faultsOf("- ".repeat(100_000))).toMatchObject([{ reason: expect.stringContaining("nested") }]);
  expect(faultsOf("? ".repeat(100_000))).toMatchObject([{ reason: expect.stringContaining("nested") }]);
  expect(faultsOf('"a": '.repeat(50_000))).toMatchObject([{ reason: expect.stringContaining("nested") }]);
  expect(faultsOf(`[${'"a"b": '.repeat(35_000)}`)).not.toEqual([]);
  expect(faultsOf(`a: ${"x".repeat(300_000)}`)).toMatchObject([{ reason: expect.stringContaining("longer") }]);
});

test("a document comes back as it was, whatever its texts hold", () => {
  const document = {
    tools: {
      ping: { allow: ["on", "1", "null", "2001-12-31", "0x1f", " a ", "x\u2028y", "#", "a: b", "1_000", "1:20"] },
    },
    legacyPassword: { hash: { $secret: "set" } },
    __proto__x: { "a/b~c": "two\nlines\n" },
    limits: { retentionCount: 7 },
  };
  const read = readDocumentText(writeDocumentText(document));
  expect("document" in read && read.document).toEqual(document);
  // A text loses the byte order mark that it begins with, so no name may stand there as it is.
  for (const name of ['\ufeff"', "\ufeff", "\u2028", "\u0085x", " a", "a\nb", "\0"])
    expect(readDocumentText(writeDocumentText({ [name]: { [name]: name } }))).toMatchObject({
      document: { [name]: { [name]: name } },
    });
  expect(writeDocumentText({})).toBe("");
  expect(readDocumentText("")).toMatchObject({ document: {} });
  expect(readDocumentText("# only a comment\n")).toMatchObject({ document: {} });
});
