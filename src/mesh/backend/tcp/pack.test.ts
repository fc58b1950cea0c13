import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Framer } from "./framer.ts";
import { pack } from "./pack.ts";

describe("pack()", () => {
  test("gives what a framer takes apart into the same messages", () => {
    const message = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      fc.integer({ min: 1, max: 65_535 }).map((length) => new Uint8Array(length).fill(length)),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 50 }), (messages) => {
        const framer = new Framer();
        const found = pack(messages).flatMap((piece) => framer.push(Buffer.from(piece)));
        expect(found.map(({ length }) => length)).toEqual(messages.map(({ length }) => length));
        expect(Buffer.concat(found).equals(Buffer.concat(messages))).toBe(true);
        expect(framer.isMidway).toBe(false);
      }),
    );
  });

  test("makes few pieces of many short messages", () => {
    const messages = Array.from({ length: 10_000 }, () => new Uint8Array(36));
    const pieces = pack(messages);
    expect(pieces.length).toBeLessThan(10);
    for (const { length } of pieces) expect(length).toBeLessThanOrEqual(65_536);
  });

  test("does not copy long messages", () => {
    const long = new Uint8Array(10_000);
    expect(pack([new Uint8Array(1), long])[2]).toBe(long);
  });
});
