import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allHashes,
  decodeAlive,
  decodeSummary,
  encodeAlive,
  encodeSummary,
  type Summary,
  summaries,
} from "./neighbour-messages.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((number) => number.toString(16).padStart(16, "0"));
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe("a sign of life", () => {
  test("is five bytes", () => {
    expect(hex(encodeAlive(0xdeadbeef))).toBe("11deadbeef");
    expect(decodeAlive(Buffer.from("11deadbeef", "hex"))).toBe(0xdeadbeef);
  });

  test("of another length is none", () => {
    expect(decodeAlive(Buffer.from("11dead", "hex"))).toBeUndefined();
    expect(decodeAlive(Buffer.from("11deadbeef00", "hex"))).toBeUndefined();
  });
});

const golden =
  `12 01 0000000000000000 ffffffffffffffff` + // all, an answer is wanted
  `61052d2b582eb15e 00671a5200000016 0000000000000011`; // node1, epoch, sequence

describe("a summary", () => {
  const summary: Summary = {
    ...allHashes,
    wantsAnswer: true,
    entries: [{ hash: "61052d2b582eb15e", epoch: 0x00671a5200000016n, sequence: 17n }],
  };

  test("is written and read as docs/wire/mesh.md shows it", () => {
    const bytes = Buffer.from(golden.replaceAll(" ", ""), "hex");
    expect(hex(encodeSummary(summary))).toBe(hex(bytes));
    expect(decodeSummary(bytes)).toEqual(summary);
  });

  test("that is cut short or has a part of an entry is none", () => {
    const bytes = encodeSummary(summary);
    for (let length = 0; length < bytes.length; length++)
      expect(decodeSummary(bytes.subarray(0, length)) === undefined).toBe(length !== 18);
  });

  test("comes out as it went in", () => {
    const entry = fc.record({ hash, epoch: u64, sequence: u64 });
    fc.assert(
      fc.property(fc.record({ from: hash, to: hash, wantsAnswer: fc.boolean(), entries: fc.array(entry) }), (each) => {
        expect(decodeSummary(encodeSummary(each))).toEqual(each);
      }),
    );
  });

  test("in pieces covers its whole range, each hash once, each entry in the piece of its range", () => {
    const sorted = fc.uniqueArray(hash, { maxLength: 40 }).map((list) => list.sort());
    fc.assert(
      fc.property(sorted, fc.integer({ min: 42, max: 300 }), (hashes, maxBytes) => {
        const entries = hashes.map((each) => ({ hash: each, epoch: 1n, sequence: 1n }));
        const pieces = summaries(entries, allHashes, true, maxBytes);
        expect(pieces.flatMap((piece) => piece.entries)).toEqual(entries);
        let next = 0n;
        for (const piece of pieces) {
          expect(BigInt(`0x${piece.from}`)).toBe(next);
          expect(encodeSummary(piece).length).toBeLessThanOrEqual(maxBytes);
          for (const each of piece.entries) expect(each.hash >= piece.from && each.hash <= piece.to).toBe(true);
          next = BigInt(`0x${piece.to}`) + 1n;
        }
        expect(next).toBe(2n ** 64n);
      }),
    );
  });
});
