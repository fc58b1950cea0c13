import { expect, test } from "vitest";
import { filterOf } from "./filters.ts";

test("filterOf() joins text, host and port, so that none changes another", () => {
  expect(filterOf("", "", "")).toBe("");
  expect(filterOf("", "", "53")).toBe("port 53");
  expect(filterOf("icmp or icmp6", "10.0.0.1", "")).toBe("(icmp or icmp6) and host 10.0.0.1");
});

test("filterOf() leaves a filter by name alone", () => {
  expect(filterOf("@dns", "", "")).toBe("@dns");
  expect(() => filterOf("@dns", "10.0.0.1", "")).toThrow("by name");
});
