import { expect, test } from "vitest";
import { newRecordingKey, openRecord, recordHeadBytes, sealRecord } from "./sealed-records.ts";

const key = newRecordingKey();

test("a record is read at its place, of its recording, with its key, and nowhere else", () => {
  const sealed = sealRecord(key, "one", 3, Buffer.from("text")).subarray(recordHeadBytes);
  expect(openRecord(key, "one", 3, sealed).toString()).toBe("text");
  expect(() => openRecord(key, "one", 4, sealed)).toThrow(/altered/);
  expect(() => openRecord(key, "two", 3, sealed)).toThrow(/altered/);
  expect(() => openRecord(newRecordingKey(), "one", 3, sealed)).toThrow(/altered/);
  for (let length = 0; length < sealed.length; length++)
    expect(() => openRecord(key, "one", 3, sealed.subarray(0, length)), `${length}`).toThrow(/altered/);
});

test("two that were tried at one place share no key stream: neither tells what the other one held", () => {
  const [first, second] = [Buffer.alloc(64, "a"), Buffer.alloc(64, "b")];
  const [one, two] = [sealRecord(key, "one", 3, first), sealRecord(key, "one", 3, second)];
  const difference = Buffer.from(one.map((byte, n) => byte ^ (two[n] ?? 0)));
  expect(difference.includes(Buffer.alloc(32, 0x61 ^ 0x62))).toBe(false);
});
