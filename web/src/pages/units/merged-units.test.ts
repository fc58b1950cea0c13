import { describe, expect, test } from "vitest";
import type { IndexedUnit } from "#server/wire";
import { unitKey } from "../../live/live-state.ts";
import { mergedUnits } from "./merged-units.ts";

const unit = (id: string, createdAt: number, more: Partial<IndexedUnit> = {}): IndexedUnit => ({
  ...{ worker: { id: "w1", name: "north" }, id, state: 1, stateName: "Running", detail: "", workType: "sh" },
  ...{ stdoutSize: 0, createdAt, asOf: 1, connected: true },
  ...more,
});
const told = (...units: IndexedUnit[]) => new Map(units.map((one) => [unitKey(one), one]));
const idsOf = (units: readonly IndexedUnit[]): string[] => units.map(({ id }) => id);

describe("mergedUnits()", () => {
  const read = [unit("b", 20), unit("a", 10)];

  test("puts new ones first, and takes the last word on those that are known", () => {
    const merged = mergedUnits(read, told(unit("a", 10, { state: 2 }), unit("c", 30)), {});
    expect(merged.map(({ id, state }) => [id, state])).toEqual([
      ["c", 1],
      ["b", 1],
      ["a", 2],
    ]);
  });

  test("drops what was released, and what no longer fits", () => {
    expect(idsOf(mergedUnits(read, told(unit("b", 20, { releasedAt: 5 })), {}))).toEqual(["a"]);
    expect(idsOf(mergedUnits(read, told(unit("b", 20, { state: 3 })), { state: "running" }))).toEqual(["a"]);
    expect(idsOf(mergedUnits(read, told(unit("c", 30)), { worker: "south" }))).toEqual([]);
  });

  test("leaves older ones to the page that they are read with", () => {
    expect(idsOf(mergedUnits(read, told(unit("old", 1)), {}))).toEqual(["b", "a"]);
  });
});
