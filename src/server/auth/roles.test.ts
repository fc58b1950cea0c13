import { expect, test } from "vitest";
import { isScope, levelOf, levelOn, levelWithin, roles } from "./roles.ts";

test("each role is a level on workers", () => {
  expect(roles.map(levelOf)).toEqual(["monitor", "operate", "configure", "admin"]);
});

test.each([
  [null, {}, "operate"],
  [{ site: "a" }, { site: "a", os: "linux" }, "operate"],
  [{ site: "a" }, { site: "b" }, "none"],
  [{ site: "a" }, {}, "none"],
  [{ site: "a", os: "linux" }, { site: "a" }, "none"],
  [{ constructor: "a" }, {}, "none"],
])("an operator within %j may on a worker with %j: %s", (within, worker, level) => {
  expect(levelOn("operator", within as Record<string, string> | null, worker as Record<string, string>)).toBe(level);
});

test.each([
  [["workers:operate"], "workers", "admin", "operate"],
  [["workers:operate"], "users", "admin", "none"],
  [["*:monitor", "workers:admin"], "workers", "configure", "configure"],
  [["*:monitor", "workers:admin"], "audit", "configure", "monitor"],
  [[], "workers", "admin", "none"],
] as const)("scopes %j leave in %s of %s: %s", (scopes, area, held, level) => {
  expect(levelWithin(scopes, area, held)).toBe(level);
});

test("a scope is an area and a level", () => {
  expect(["workers:monitor", "*:admin", "audit:configure"].every(isScope)).toBe(true);
  expect(["workers", "workers:none", "workers:", ":admin", "a:admin", "workers:admin:x", ""].some(isScope)).toBe(false);
});
