import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ExactJson, parseExactJson, writeExactJson } from "./exact-json.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";

const parse = (text: string): ExactJson => parseExactJson(Buffer.from(text), 1e6);
const invalid = expect.objectContaining({ code: "PACKET_INVALID" });

/** What the engine's own parser gives, as maps. */
function exactOf(value: unknown): ExactJson {
  if (Array.isArray(value)) return value.map(exactOf);
  if (typeof value !== "object" || value === null) return value as ExactJson;
  return new Map(Object.entries(value).map(([key, member]) => [key, exactOf(member)]));
}

describe("parseExactJson()", () => {
  test("keeps every digit of large integers", () => {
    expect(
      parse("[9007199254740991,9007199254740992,29021265349194838,18446744073709551615,-9007199254740993]"),
    ).toEqual([9007199254740991, 9007199254740992n, 29021265349194838n, 18446744073709551615n, -9007199254740993n]);
    expect(parse("[1e30,1.5,0,-2]")).toEqual([1e30, 1.5, 0, -2]);
    expect(parse("1".repeat(100_000))).toBe(Number.POSITIVE_INFINITY);
  });

  test("reads whatever JSON is, as the engine does", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat({ max: 3 }), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent);
        if (/__proto__|\\ud[89a-f]|\d{16}/.test(text)) return;
        expect(parse(text)).toEqual(exactOf(JSON.parse(text)));
      }),
    );
  });

  test("refuses what the engine refuses, and nothing else", () => {
    const signs = fc.constantFrom(
      ...'[]{}:,"\\ \n\t01.-+eEtrufalsn\u0001é'.split(""),
      "true",
      "null",
      '"a"',
      "\\u00",
      "1e9",
    );
    fc.assert(
      fc.property(fc.array(signs, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (isJson) expect(() => parse(text)).not.toThrow();
        else expect(() => parse(text)).toThrow(invalid);
      }),
      { numRuns: 5000 },
    );
  });

  test("lets the last of two equal keys count, in the last place", () => {
    expect([...(parse('{"a":1,"b":2,"a":3}') as Map<string, ExactJson>)]).toEqual([
      ["b", 2],
      ["a", 3],
    ]);
  });

  test("takes __proto__ for a key like any other", () => {
    expect(parse('{"__proto__":{"polluted":true}}')).toEqual(new Map([["__proto__", new Map([["polluted", true]])]]));
    expect("polluted" in {}).toBe(false);
  });

  test("replaces what is no text, as Go does", () => {
    expect(parse('"\\ud800x\\ud83d\\ude00"')).toBe("\ufffdx\u{1f600}");
    expect(parseExactJson(Uint8Array.of(0x22, 0xff, 0x22), 9)).toBe("\ufffd");
  });

  test.each([
    ["too many bytes", `"${"a".repeat(1e6)}"`],
    ["too many levels", `${"[".repeat(34)}${"]".repeat(34)}`],
    ["only brackets", "[".repeat(900_000)],
    ["too many values", `[${"{},".repeat(70_000)}{}]`],
    ["a text that never ends", `"${"\\n".repeat(400_000)}`],
    ["a byte order mark", "\ufeff{}"],
    ["nothing", ""],
  ])("refuses %s", (_name, text) => {
    expect(() => parse(text)).toThrow(invalid);
  });
});

describe("writeExactJson()", () => {
  test("writes what parseExactJson() reads", () => {
    const { json } = fc.letrec<{ json: ExactJson }>((tie) => ({
      json: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(null, true, false),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
        fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => (value === 0 ? 0 : value)),
        fc.string({ unit: "grapheme" }),
        fc.array(tie("json")),
        fc
          .array(fc.tuple(fc.oneof(fc.constant("__proto__"), fc.string()), tie("json")))
          .map((members) => new Map(members)),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const text = writeExactJson(value);
        // Doubles that are integers beyond 2^53 come back as bigints of the same digits.
        expect(writeExactJson(parse(text))).toBe(text);
        expect(() => JSON.parse(text)).not.toThrow();
      }),
    );
  });

  test("leaves out what has no value", () => {
    expect(writeExactJson({ a: undefined, b: [1n], c: new Map([["__proto__", null]]) })).toBe(
      '{"b":[1],"c":{"__proto__":null}}',
    );
  });
});

describe("JsonFields", () => {
  const names = fieldNames("NodeID", "UpdateSequence", "Kind");
  const fields = (text: string) => new JsonFields(parse(text), names);

  test("finds a key in any case, and the last of several", () => {
    expect(fields('{"nodeid":"a"}').text("NodeID")).toBe("a");
    expect(fields('{"NodeID":"a","NODEID":"b"}').text("NodeID")).toBe("b");
    expect(fields('{"NODEID":"b","NodeID":"a","nodeId":null}').text("NodeID")).toBe("a");
    expect(fields('{"updateſequence":7,"\u212aind":"k"}').u64("UpdateSequence")).toBe(7n);
    expect(fields('{"updateſequence":7,"\u212aind":"k"}').text("Kind")).toBe("k");
  });

  test("gives zero values for what is missing or null", () => {
    expect([fields("{}").text("NodeID"), fields('{"UpdateSequence":null}').u64("UpdateSequence")]).toEqual(["", 0n]);
  });

  test.each(["-1", "1.5", "18446744073709551616", '"1"', "[]", "1e400"])("takes %s for no u64", (value) => {
    expect(() => fields(`{"UpdateSequence":${value}}`).u64("UpdateSequence")).toThrow(invalid);
  });
});
