import fc from "fast-check";
import { expect, test } from "vitest";
import { MeshError } from "../errors.ts";
import { type DerValue, readChildren, readDer, tags } from "./der.ts";
import { der, integer, oid, sequence, time } from "./der-writing.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("readDer() reads back what der() wrote, whatever its length", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 70_000 }), (length) => {
      const { tag, content } = readDer(der(tags.octetString, new Uint8Array(length)));
      expect([tag, content.length]).toEqual([tags.octetString, length]);
    }),
  );
});

test("readChildren() gives the values of a sequence in order", () => {
  const children = readChildren(readDer(sequence(integer(1), integer(300), sequence())));
  expect(children.map(({ whole }) => hex(whole))).toEqual(["020101", "0202012c", "3000"]);
});

test.each([
  ["", "nothing"],
  ["30", "no length"],
  ["3002", "a length beyond the end"],
  ["30020101ff", "bytes behind the end"],
  ["3080020101", "an indefinite length"],
  ["308101ff", "a length that is longer than it must be"],
  ["30850000000001ff", "a length of five bytes"],
  ["1f010100", "a long tag"],
])("readDer() refuses %s: %s", (text) => {
  expect(() => readDer(Buffer.from(text, "hex"))).toThrow(expect.objectContaining({ code: "CERTIFICATE_INVALID" }));
});

test("readDer() refuses what is too long for a certificate before it looks at it", () => {
  expect(() => readDer(der(tags.octetString, new Uint8Array(300_000)))).toThrow("300005 bytes are too many");
});

test("the reader throws nothing but MeshError on any bytes, and ends", () => {
  const walk = (value: DerValue, depth: number): void => {
    if (depth < 8) for (const child of readChildren(value)) walk(child, depth + 1);
  };
  const mostlyDer = fc.array(fc.oneof(fc.constantFrom(0x30, 0x02, 0x80, 0x81, 0x82, 0, 1, 2), fc.nat(255)));
  fc.assert(
    fc.property(mostlyDer, (bytes) => {
      try {
        walk(readDer(Uint8Array.from(bytes)), 0);
      } catch (error) {
        expect(error).toBeInstanceOf(MeshError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("oid(), integer() and time() write what RFC 5280 and X.690 have", () => {
  expect(hex(oid("1.3.6.1.4.1.2312.19.1"))).toBe("06092b0601040192081301");
  expect([0, 127, 128, 65_537].map((value) => hex(integer(value)))).toEqual([
    "020100",
    "02017f",
    "02020080",
    "0203010001",
  ]);
  const text = (at: string): string => Buffer.from(time(new Date(at))).toString("latin1", 2);
  expect(text("2049-12-31T23:59:59.900Z")).toBe("491231235959Z");
  expect(text("2050-01-01T00:00:00Z")).toBe("20500101000000Z");
});
