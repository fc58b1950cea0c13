import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goTime, parseGoTime, zeroTimeText } from "./go-time.ts";

const nanoseconds = (text: string) => parseGoTime(text)?.nanoseconds;

describe("parseGoTime()", () => {
  test("counts nanoseconds in any zone", () => {
    expect(nanoseconds("1970-01-01T00:00:00Z")).toBe(0n);
    expect(nanoseconds("2024-10-24T20:36:52.123456789Z")).toBe(1729802212123456789n);
    expect(nanoseconds("2024-10-24T16:36:52.123456789-04:00")).toBe(1729802212123456789n);
    expect(nanoseconds("2024-10-25T02:06:52.123456789+05:30")).toBe(1729802212123456789n);
    expect(nanoseconds("2024-10-24T20:36:52.5Z")).toBe(1729802212500000000n);
    expect(nanoseconds("2024-10-24T20:36:52.1234567899Z")).toBe(1729802212123456789n);
  });

  test("reads times before 1970, and Go's zero time", () => {
    expect(nanoseconds("1969-12-31T23:59:59.9Z")).toBe(-100000000n);
    expect(nanoseconds(zeroTimeText)).toBe(-62135596800000000000n);
    expect(nanoseconds("0099-02-28T00:00:00Z")).toBeLessThan(-59000000000000000000n);
  });

  test.each([
    "",
    "2024-10-24",
    "2024-10-24 20:36:52Z",
    "2024-10-24T20:36:52",
    "2024-10-24t20:36:52z",
    "2024-10-24T20:36:52.Z",
    "2024-13-24T20:36:52Z",
    "2023-02-29T20:36:52Z",
    "2024-10-00T20:36:52Z",
    "2024-10-24T24:00:00Z",
    "2024-10-24T23:59:60Z",
    "2024-10-24T20:36:52+24:00",
    "2024-10-24T20:36:52+0400",
    " 2024-10-24T20:36:52Z",
  ])("takes %j for no time", (text) => {
    expect(parseGoTime(text)).toBeUndefined();
  });
});

describe("goTime()", () => {
  test("writes UTC with nine digits, the counter last", () => {
    expect(goTime(1729802212123, 456789)).toEqual({
      text: "2024-10-24T20:36:52.123456789Z",
      nanoseconds: 1729802212123456789n,
    });
    expect(goTime(0).text).toBe("1970-01-01T00:00:00.000000000Z");
  });

  test("is read back as the same time", () => {
    const milliseconds = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
    fc.assert(
      fc.property(milliseconds, fc.integer({ min: 0, max: 999_999 }), (at, counter) => {
        expect(parseGoTime(goTime(at, counter).text)).toEqual(goTime(at, counter));
      }),
    );
  });
});
