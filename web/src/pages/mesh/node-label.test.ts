import { expect, test } from "vitest";
import { longestLabel, nodeLabel } from "./node-label.ts";

test("nodeLabel() keeps what is a name", () => {
  expect(nodeLabel("north-1")).toBe("north-1");
  expect(nodeLabel("žluťoučký")).toBe("žluťoučký");
});

test("nodeLabel() shows where a name has what nobody would see", () => {
  expect(nodeLabel("a\u{202e}b\u{0}c\nd")).toBe("a\u{fffd}b\u{fffd}c\u{fffd}d");
});

test("nodeLabel() cuts a long name, between letters", () => {
  expect(Array.from(nodeLabel("𝒳".repeat(1_000)))).toHaveLength(longestLabel);
});
