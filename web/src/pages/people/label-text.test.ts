import { expect, test } from "vitest";
import { labelsIn, labelText } from "./label-text.ts";

test("labelsIn() reads pairs between commas or spaces, and nothing as every worker", () => {
  expect(labelsIn("region=eu, tier=db=1")).toEqual({ region: "eu", tier: "db=1" });
  expect(labelsIn("  ")).toBeNull();
});

test("labelsIn() refuses what would restrict nothing", () => {
  expect(() => labelsIn("region")).toThrow("region is no label");
  expect(() => labelsIn("=eu")).toThrow("is no label");
});

test("labelText() gives what labelsIn() reads", () => {
  expect(labelsIn(labelText({ a: "1", b: "2" }))).toEqual({ a: "1", b: "2" });
  expect(labelText(null)).toBe("");
});
