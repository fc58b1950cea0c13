import { describe, expect, test } from "vitest";
import { Places } from "./places.ts";
import { Unit } from "./unit/unit.ts";
import { unitFolder } from "./unit/unit-folder.ts";

const unit = (id: string, WorkType = "x") =>
  new Unit(id, unitFolder("/nowhere", id), { State: 0, Detail: "", StdoutSize: 0, WorkType, ExtraData: null });

describe("Places", () => {
  test("gives as many places as the type has, and any number without a limit", () => {
    const places = new Places();
    expect([1, 2, 3].map((n) => places.take("x", `unit${n}`, 2))).toEqual([true, true, false]);
    expect(places.take("y", "unit3", 1)).toBe(true);
    expect(places.take("x", "unit3", undefined)).toBe(true);
    expect(places.take("z", "unit3", 0)).toBe(false);
  });

  test("gives the same unit its place again", () => {
    const places = new Places();
    expect([1, 2].map(() => places.take("x", "unit1", 1))).toEqual([true, true]);
    places.free("x", "unit1");
    expect(places.take("x", "unit2", 1)).toBe(true);
  });

  test("lets units wait in the order they came, each for its own type", () => {
    const places = new Places();
    places.take("x", "running1", 1);
    const [first, other, second] = [unit("first"), unit("other", "y"), unit("second")];
    for (const waiting of [first, other, second]) places.wait(waiting);
    expect(places.free("x", "running1")).toBe(first);
    places.take("x", "first", 1);
    expect(places.free("x", "first")).toBe(second);
    places.take("x", "second", 1);
    expect(places.free("x", "second")).toBeUndefined();
  });

  test("wakes nobody for a unit that had no place", () => {
    const places = new Places();
    places.take("x", "running1", 1);
    const first = unit("first");
    places.wait(first);
    expect(places.free("x", "cancelled")).toBeUndefined();
    expect(places.free("unheard", "cancelled")).toBeUndefined();
    expect(places.free("x", "running1")).toBe(first);
    expect(places.free("x", "running1")).toBeUndefined();
  });

  test("forgets a unit that leaves the queue", () => {
    const places = new Places();
    places.take("x", "running1", 1);
    const [first, second] = [unit("first"), unit("second")];
    places.wait(first);
    places.wait(second);
    places.leave(first);
    places.leave(unit("stranger"));
    expect(places.free("x", "running1")).toBe(second);
  });
});
