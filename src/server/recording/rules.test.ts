import { expect, test } from "vitest";
import { parsePolicy } from "../policy/policy-text.ts";
import { recordingRules } from "./rules.ts";

const day = 24 * 60 * 60_000;

test("terminals are recorded as far as possible and kept for 90 days, where the policy says nothing", () => {
  const { mode, keepMs, maxBytes } = recordingRules(parsePolicy("preset: open"));
  expect([mode("shell"), mode("tcp"), keepMs, maxBytes]).toEqual(["bestEffort", "off", 90 * day, 1024 ** 3]);
});

test("a policy file says what is recorded, how strictly, and how long it is kept (CAT-122)", () => {
  const text = "preset: open\nrecord.shell: strict\nrecord.tcp: bestEffort\nrecord.keepDays: 7\nrecord.maxMiB: 10\n";
  const { mode, keepMs, maxBytes } = recordingRules(parsePolicy(text));
  expect([mode("shell"), mode("tcp"), keepMs, maxBytes]).toEqual(["strict", "bestEffort", 7 * day, 10 * 1024 ** 2]);
});

test.each(["record.shell: always", "record.shell: true", "record.keepDays: 0", "record.http: strict"])(
  "and what is none is refused: %s",
  (line) => {
    expect(() => parsePolicy(`preset: open\n${line}\n`)).toThrow(/policy: /);
  },
);
