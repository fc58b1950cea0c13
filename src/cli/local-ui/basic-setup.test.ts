import { expect, test } from "vitest";
import { faultsOf } from "./basic-setup.ts";

const nothing = { server: "", ca: "", pin: "", name: "", token: "", entitlement: "", password: "" };

test.each([
  [{ server: "farm.example" }, "server"],
  [{ server: "http://farm.example" }, "server"],
  [{ server: "https://ada:secret@farm.example" }, "server"],
  [{ server: "https://farm.example", token: "fh1.nonsense" }, "token"],
  [{ server: "https://farm.example", ca: "/nowhere/ca.pem" }, "ca"],
  [{ server: "https://farm.example", ca: import.meta.filename.replace(/[^/]+$/, "entry.ts") }, "ca"],
  [{ server: "https://farm.example", pin: "abc" }, "pin"],
  [{ pin: "ab".repeat(32) }, "pin"],
  [{ name: "x".repeat(256) }, "name"],
  [{ entitlement: "fhe1.nonsense" }, "entitlement"],
  [{ password: "short" }, "password"],
])("%j has its fault at %s", (wish, field) => {
  expect(faultsOf({ ...nothing, ...wish }).map((fault) => fault.field)).toEqual([field]);
});

test("all faults are told at once", () => {
  const faults = faultsOf({ ...nothing, server: "x", token: "x", password: "x" });
  expect(faults.map(({ field }) => field)).toEqual(["server", "token", "password"]);
});

test("an empty field is left as it is", () => {
  expect(faultsOf(nothing)).toEqual([]);
});
