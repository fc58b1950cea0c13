import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineReader } from "./lines.ts";

function linesOf(reader: LineReader, pieces: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let line = reader.next(); line; line = reader.next()) lines.push(line.toString("latin1"));
  }
  return lines;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...at.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places.map((place, i) => bytes.subarray(places[i - 1] ?? 0, place));
}

/** Bytes in which line ends are common. */
const someBytes = fc
  .array(fc.oneof(fc.constant(10), fc.integer({ min: 0, max: 255 })), { maxLength: 300 })
  .map((bytes) => Buffer.from(bytes));
const somePlaces = fc.array(fc.nat(1000), { maxLength: 40 });

describe("LineReader", () => {
  test("gives lines without their line ends and keeps what follows", () => {
    const reader = new LineReader(100);
    expect(linesOf(reader, [Buffer.from("one\n\ntw"), Buffer.from("o\nthr"), Buffer.from("ee")])).toEqual([
      "one",
      "",
      "two",
    ]);
    expect(reader.inLine).toBe(true);
    expect(reader.take().toString()).toBe("three");
    expect(reader.inLine).toBe(false);
  });

  test("take() gives the bytes right behind a line", () => {
    const reader = new LineReader(100);
    reader.push(Buffer.from("line\n\x00payload\nmore"));
    expect(reader.next()?.toString()).toBe("line");
    expect(reader.take().toString("latin1")).toBe("\x00payload\nmore");
    expect(reader.next()).toBeUndefined();
  });

  test("takes a line of exactly the limit and refuses one byte more", () => {
    expect(linesOf(new LineReader(3), [Buffer.from("abc\n")])).toEqual(["abc"]);
    for (const pieces of [["abcd\n"], ["ab", "cd"], ["abc", "d\n"]]) {
      const reader = new LineReader(3);
      expect(linesOf(reader, pieces.map(Buffer.from))).toEqual([]);
      expect(reader.tooLong).toBe(true);
      expect(reader.take()).toHaveLength(0);
    }
  });

  test("holds a long line that comes byte by byte in bounded memory", () => {
    const reader = new LineReader(1 << 20);
    const byte = Buffer.from("x");
    for (let i = 0; i < 1 << 20; i++) {
      reader.push(byte);
      reader.next();
    }
    reader.push(Buffer.from("\n"));
    expect(reader.next()).toHaveLength(1 << 20);
  });

  test("gives the same lines however the bytes are cut", () => {
    fc.assert(
      fc.property(someBytes, somePlaces, (bytes, places) => {
        const reader = new LineReader(1000);
        const lines = linesOf(reader, cut(bytes, places));
        expect([...lines, reader.take().toString("latin1")]).toEqual(bytes.toString("latin1").split("\n"));
      }),
    );
  });

  test("gives the same lines up to the one that is too long however the bytes are cut", () => {
    fc.assert(
      fc.property(someBytes, somePlaces, fc.nat(20), (bytes, places, limit) => {
        const all = bytes.toString("latin1").split("\n");
        const firstTooLong = all.findIndex((line) => line.length > limit);
        const reader = new LineReader(limit);
        expect(linesOf(reader, cut(bytes, places))).toEqual(all.slice(0, firstTooLong));
        expect(reader.tooLong).toBe(firstTooLong !== -1);
      }),
    );
  });
});
