import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PcapIndex } from "./pcap-index.ts";
import { PcapPackets } from "./pcap-packets.ts";

const capture = (name: string): Buffer => readFileSync(join(import.meta.dirname, "captures", `${name}.pcap`));

function indexOf(...pieces: readonly Uint8Array[]): PcapIndex {
  const index = new PcapIndex();
  for (const piece of pieces) index.push(piece);
  return index;
}

describe("PcapIndex", () => {
  test.each([
    ["mixed", { littleEndian: true, nanoseconds: false, linkType: 1, snapLength: 262_144 }, 85],
    ["any", { littleEndian: true, nanoseconds: true, linkType: 276, snapLength: 262_144 }, 12],
    ["made", { littleEndian: false, nanoseconds: false, linkType: 1, snapLength: 65_535 }, 6],
  ])("reads byte order, unit and link type of %s.pcap, and finds its records", (name, header, count) => {
    const index = indexOf(capture(name));
    expect(index).toMatchObject({ header, count, isMidway: false, fault: undefined });
  });

  test("record() says where a packet is, how long, and when, to the nanosecond", () => {
    const index = indexOf(capture("made"));
    expect(index.record(5)).toEqual({
      offset: expect.any(Number) as number,
      capturedLength: 58,
      originalLength: 234,
      time: 1_700_000_005.123461,
      nanoseconds: 123_461_000,
    });
    expect(() => index.record(6)).toThrow(RangeError);
  });

  test("gives the same however the bytes are cut", () => {
    const bytes = capture("mixed");
    const whole = indexOf(bytes);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }), (lengths) => {
        const pieces: Uint8Array[] = [];
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const length = lengths[n % lengths.length] as number;
          pieces.push(bytes.subarray(at, at + length));
          at += length;
        }
        const index = indexOf(...pieces);
        expect(index.count).toBe(whole.count);
        for (let n = 0; n < index.count; n++) expect(index.record(n)).toEqual(whole.record(n));
      }),
      { numRuns: 50 },
    );
  });

  test("lists a record once its last byte is there", () => {
    const bytes = capture("made");
    const index = indexOf(bytes.subarray(0, bytes.length - 1));
    expect(index).toMatchObject({ count: 5, isMidway: true });
    index.push(bytes.subarray(bytes.length - 1));
    expect(index).toMatchObject({ count: 6, isMidway: false });
  });

  test.each([
    ["a text", Buffer.from("hello, this is no capture at all"), "not a pcap file"],
    ["a pcapng file", Buffer.from("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff", "hex"), "pcapng, not pcap"],
  ])("says that %s is none", (_, bytes, fault) => {
    expect(indexOf(bytes)).toMatchObject({ fault, count: 0, header: undefined });
  });

  test("stops at a record that is longer than any, and keeps those before it", () => {
    const bytes = capture("made");
    const bad = Buffer.alloc(16, 0xff);
    expect(indexOf(bytes, bad, bytes)).toMatchObject({ fault: "a record has an impossible length", count: 6 });
  });
});

describe("PcapPackets", () => {
  test("gives each packet with its bytes as soon as it is whole", () => {
    const bytes = capture("mixed");
    const [whole, piecewise] = [new PcapPackets().push(bytes), new PcapPackets()];
    const one = Array.from(bytes, (_, at) => piecewise.push(bytes.subarray(at, at + 1))).flat();
    expect(one.map((packet) => Buffer.from(packet.bytes))).toEqual(whole.map((packet) => Buffer.from(packet.bytes)));
    expect(whole).toHaveLength(85);
    expect(whole[6]?.bytes).toHaveLength(76);
  });
});
