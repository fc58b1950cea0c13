import { expect, test } from "vitest";
import { momentOf } from "./moment.ts";

const now = Date.UTC(2026, 10, 22, 12);

test("momentOf() reads spans back from now, and dates", () => {
  expect(momentOf("90m", now)).toBe(now - 90 * 60_000);
  expect(momentOf("2d", now)).toBe(now - 2 * 86_400_000);
  expect(momentOf("2026-11-22T09:30Z", now)).toBe(Date.UTC(2026, 10, 22, 9, 30));
  expect(momentOf("2026-11-22", now)).toBe(new Date(2026, 10, 22).getTime());
  expect(momentOf("999999d", now)).toBe(0);
});

test.each(["", "soon", "2 h", "-2h", "2026-13-01", "2026-11-22T25:00", "22.11.2026"])(
  "momentOf(%j) is refused with what to write",
  (text) => expect(() => momentOf(text, now)).toThrow(expect.objectContaining({ code: "USAGE" })),
);
