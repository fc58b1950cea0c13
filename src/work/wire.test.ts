import { describe, expect, test } from "vitest";
import { isFinal, stateName, UnitState } from "./wire.ts";

describe("stateName()", () => {
  test.each([
    [0, "Pending"],
    [1, "Running"],
    [2, "Succeeded"],
    [3, "Failed"],
    [4, "Canceled"],
    [5, "Unknown: 5"],
    [-1, "Unknown: -1"],
  ])("calls %i %s", (state, name) => {
    expect(stateName(state)).toBe(name);
  });
});

test("isFinal() holds for succeeded, failed and canceled, and for no number it does not know", () => {
  const final = [-1, ...Object.values(UnitState), 5].filter(isFinal);
  expect(final).toEqual([UnitState.Succeeded, UnitState.Failed, UnitState.Canceled]);
});
