import { isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ipv6Text, macText } from "./addresses.ts";

test.each([
  ["20010db8000000000000000000000001", "2001:db8::1"],
  ["00000000000000000000000000000000", "::"],
  ["20010db8000100000001000100010001", "2001:db8:1:0:1:1:1:1"],
  ["20010000000000010000000000000001", "2001:0:0:1::1"],
  ["00000000000000000000ffff0a000001", "::ffff:10.0.0.1"],
])("ipv6Text() writes %s as RFC 5952 does: %s", (bytes, text) => {
  expect(ipv6Text(Buffer.from(bytes, "hex"))).toBe(text);
});

test("ipv6Text() gives an address, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => isIPv6(ipv6Text(bytes))));
});

test("macText() writes six pairs", () => {
  expect(macText(Uint8Array.of(2, 0x42, 0xac, 0x11, 0, 2))).toBe("02:42:ac:11:00:02");
});
