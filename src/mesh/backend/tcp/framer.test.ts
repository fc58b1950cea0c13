import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Framer, frameHeader, maxFrameBytes } from "./framer.ts";

function framed(...messages: Uint8Array[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [frameHeader(message.length), message]));
}

function texts(messages: Uint8Array[]): string[] {
  return messages.map((message) => Buffer.from(message).toString());
}

test("frameHeader() is the length in two bytes, the low one first (spec §8.1, 17)", () => {
  expect(frameHeader(6)).toEqual(Buffer.from([0x06, 0x00]));
  expect(frameHeader(271)).toEqual(Buffer.from([0x0f, 0x01]));
});

describe("Framer.push()", () => {
  test("gives nothing before a message is whole", () => {
    const framer = new Framer();
    const bytes = framed(Buffer.from("hello!"));
    for (const byte of bytes.subarray(0, -1)) {
      expect(framer.push(Buffer.from([byte]))).toEqual([]);
      expect(framer.isMidway).toBe(true);
    }
    expect(texts(framer.push(bytes.subarray(-1)))).toEqual(["hello!"]);
    expect(framer.isMidway).toBe(false);
  });

  test("gives two messages of one read one after the other", () => {
    const framer = new Framer();
    expect(texts(framer.push(framed(Buffer.from("one"), Buffer.from("two"))))).toEqual(["one", "two"]);
  });

  test("leaves empty messages out", () => {
    const framer = new Framer();
    expect(texts(framer.push(framed(Buffer.from(""), Buffer.from("a"), Buffer.from(""))))).toEqual(["a"]);
    expect(framer.isMidway).toBe(false);
  });

  test("copies nothing that came in one piece", () => {
    const chunk = framed(Buffer.from("one"), Buffer.from("two"));
    for (const message of new Framer().push(chunk)) expect(message.buffer).toBe(chunk.buffer);
  });

  test("gives the same messages however the stream is cut", () => {
    const message = fc.uint8Array({ maxLength: 9000 });
    const sizes = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), sizes, (messages, sizes) => {
        const framer = new Framer();
        const stream = framed(...messages);
        const got: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          got.push(...framer.push(stream.subarray(at, at + size)));
          at += size;
        }
        const expected = messages.filter(({ length }) => length > 0);
        expect(got.map((message) => Buffer.from(message))).toEqual(expected.map((message) => Buffer.from(message)));
        expect(framer.isMidway).toBe(false);
      }),
    );
  });

  test("takes any bytes, and gives no message longer than a length can say", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
        const framer = new Framer();
        for (const chunk of chunks) {
          for (const { length } of framer.push(Buffer.from(chunk))) {
            expect(length).toBeGreaterThan(0);
            expect(length).toBeLessThanOrEqual(maxFrameBytes);
          }
        }
      }),
    );
  });
});
