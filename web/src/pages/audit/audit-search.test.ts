import { expect, test } from "vitest";
import { auditQuery, auditSearch } from "./audit-search.ts";

test("auditSearch() takes texts and nothing else of an address", () => {
  const given = { who: " ada ", act: "", worker: { a: 1 }, from: 2026, other: "x", to: "a".repeat(1_000) };
  expect(auditSearch(given)).toEqual({ who: "ada", from: "2026", to: "a".repeat(256) });
});

test("auditQuery() has whole minutes as milliseconds, and leaves out what is no time", () => {
  const at = new Date(2026, 10, 22, 9, 30).getTime();
  const query = auditQuery({ who: "ada", from: "2026-11-22T09:30", to: "2026-11-22T09:30" });
  expect(Object.fromEntries(query)).toEqual({ who: "ada", from: String(at), to: String(at + 59_999) });
  expect(String(auditQuery({ from: "never", act: "user.*" }))).toBe("act=user.*");
});
