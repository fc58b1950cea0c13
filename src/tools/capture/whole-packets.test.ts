import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CaptureParams } from "./params-schema.ts";
import { tcpdumpArguments } from "./tcpdump.ts";
import { PacketCutter } from "./whole-packets.ts";

/** A pcap of packets with these lengths. */
function pcap(lengths: readonly number[], isLittle = true): Buffer {
  const put = (buffer: Buffer, value: number, at: number) =>
    isLittle ? buffer.writeUInt32LE(value, at) : buffer.writeUInt32BE(value, at);
  const header = Buffer.alloc(24);
  put(header, 0xa1b2c3d4, 0);
  const packets = lengths.map((length) => {
    const packet = Buffer.alloc(16 + length, length);
    put(packet, length, 8);
    put(packet, length, 12);
    return packet;
  });
  return Buffer.concat([header, ...packets]);
}

/** All that is let through of a stream in pieces of these sizes, over and over. */
function cut(stream: Buffer, sizes: readonly number[], limits: { packets: number; bytes: number }) {
  const cutter = new PacketCutter(limits);
  const through: Uint8Array[] = [];
  for (let at = 0, n = 0; at < stream.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    const { piece, full } = cutter.take(stream.subarray(at, at + size));
    through.push(Buffer.from(piece));
    if (full !== undefined) return { bytes: Buffer.concat(through), full, cutter };
    at += size;
  }
  return { bytes: Buffer.concat(through), full: undefined, cutter };
}

const none = { packets: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

describe("PacketCutter", () => {
  test("ends behind the last packet that fits, however the stream comes in pieces", () => {
    const lengths = fc.array(fc.nat(200), { maxLength: 20 });
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        lengths,
        sizes,
        fc.integer({ min: 24, max: 3_000 }),
        fc.integer({ min: 1, max: 25 }),
        fc.boolean(),
        (all, pieces, bytes, packets, isLittle) => {
          const { bytes: through, full } = cut(pcap(all, isLittle), pieces, { bytes, packets });
          let fit = 0;
          for (let size = 24; fit < Math.min(all.length, packets); fit++) {
            size += 16 + (all[fit] ?? 0);
            if (size > bytes) break;
          }
          expect(through.equals(pcap(all.slice(0, fit), isLittle))).toBe(true);
          expect(full).toBe(fit === packets ? "packets" : fit < all.length ? "bytes" : undefined);
        },
      ),
    );
  });

  test("lets a stream without limits through as it is", () => {
    const stream = pcap([1, 0, 1_500, 9_000]);
    const { bytes, cutter } = cut(stream, [7], none);
    expect(bytes.equals(stream)).toBe(true);
    expect({ packets: cutter.packets, bytes: cutter.bytes }).toEqual({ packets: 4, bytes: stream.length });
  });

  test("ends before the first packet of later than the moment it was to end", () => {
    for (const [magic, parts] of [
      [0xa1b2c3d4, 1e3],
      [0xa1b23c4d, 1e6],
    ] as const) {
      const stream = pcap([4, 4, 4]);
      stream.writeUInt32LE(magic, 0);
      for (const n of [0, 1, 2]) {
        stream.writeUInt32LE(1_700_000_000, 24 + 20 * n);
        stream.writeUInt32LE((100 + n) * parts, 28 + 20 * n);
      }
      const cutter = new PacketCutter(none);
      cutter.endAt = 1_700_000_000_101;
      expect(cutter.take(stream)).toMatchObject({ full: "time", piece: stream.subarray(0, 64) });
      expect({ packets: cutter.packets, bytes: cutter.bytes }).toEqual({ packets: 2, bytes: 64 });
    }
  });

  test("does not take for a capture what is none, and believes no length beyond reason", () => {
    expect(() => cut(Buffer.from("GET / HTTP/1.1\r\n"), [100], none)).toThrow(/no pcap/);
    const lying = pcap([4]);
    lying.writeUInt32LE(0x7fff_ffff, 24 + 8);
    expect(() => cut(lying, [9], none)).toThrow(/a packet of 2147483647 bytes/);
  });

  test("takes or refuses whatever it gets, and never gives more than that", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, isHeaded) => {
        const stream = Buffer.concat([isHeaded ? pcap([]) : Buffer.alloc(0), noise]);
        try {
          const { bytes } = cut(stream, [13], { packets: 3, bytes: 100 });
          expect(stream.subarray(0, bytes.length).equals(bytes)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

test("tcpdumpArguments() puts the filter where no option is looked for", () => {
  const words = tcpdumpArguments(CaptureParams.parse({ snapLength: 96 }), "eth0", "-z /bin/sh");
  expect(words.slice(-2)).toEqual(["--", "-z /bin/sh"]);
  expect(words.join(" ")).toContain("-i eth0 -n -U -B 32768 -s 96");
  // In that mode each packet takes the room of the longest one, and at 200,000 a second a third of them is lost.
  expect(words).not.toContain("--immediate-mode");
  expect(words).toContain("-p");
  expect(tcpdumpArguments(CaptureParams.parse({ promiscuous: true }), "any", "")).not.toContain("-p");
});
