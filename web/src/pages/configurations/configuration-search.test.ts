import { expect, test } from "vitest";
import { configurationSearch } from "./configuration-search.ts";

test("of an address only what means something is taken", () => {
  expect(configurationSearch({ tab: "versions", from: 1, to: "2" })).toEqual({ tab: "versions", from: 1, to: 2 });
  expect(configurationSearch({ tab: "elsewhere", from: "", to: "x" })).toEqual({});
  expect(configurationSearch({ from: -1, to: 1.5 })).toEqual({});
  expect(configurationSearch({ from: {}, to: null })).toEqual({});
});
