import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ServerError } from "../errors.ts";
import { parseJsonBody } from "./json-body.ts";

const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));
const refused = (why: RegExp) =>
  expect.objectContaining({ code: "REQUEST_INVALID", message: expect.stringMatching(why) });

describe("a JSON body (CAT-18)", () => {
  test("is what JSON says it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes("__proto__"));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("nests 32 deep, and not deeper, however long it is", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(() => parse(nested(32))).not.toThrow();
    expect(() => parse(nested(33))).toThrow(refused(/deeper than 32/));
    expect(() => parse(nested(300_000))).toThrow(refused(/./));
    expect(() => parse('{"a":'.repeat(33) + "1" + "}".repeat(33))).toThrow(refused(/deeper than 32/));
  });

  test.each(['{"__proto__":1}', '{"a":[{"__proto__":{"admin":true}}]}', '{"\\u005f_proto__":1}'])(
    "%s is refused",
    (text) => {
      expect(() => parse(text)).toThrow(refused(/__proto__/));
      expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
    },
  );

  test("names that only look dangerous are plain data", () => {
    expect(parse('{"constructor":{"prototype":1},"toString":2}')).toEqual({
      constructor: { prototype: 1 },
      toString: 2,
    });
  });

  test("whatever bytes come, they are JSON or refused, and nothing of them is quoted", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseJsonBody(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ServerError);
        }
      }),
    );
    expect(() => parse('{"password":"hunter2"')).toThrow(refused(/^((?!hunter2).)*$/));
  });
});
