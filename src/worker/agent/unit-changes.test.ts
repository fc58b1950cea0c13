import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnitChanges } from "./unit-changes.ts";

/** A worker's units, and the changes of them. */
function worker(ids: readonly string[] = []) {
  const there = new Set(ids);
  return { there, changes: new UnitChanges((id) => there.has(id), ids) };
}

const idsOf = (changes: UnitChanges, most = 100) => changes.next(most).changes.map(([id]) => id);

describe("changes of units", () => {
  test("are told in the order they came, each unit's last one only", () => {
    const { there, changes } = worker();
    for (const id of ["a", "b", "a", "c"]) {
      there.add(id);
      changes.changed(id);
    }
    const batch = changes.next(100);
    expect(batch.changes).toEqual([
      ["a", 3],
      ["b", 2],
      ["c", 4],
    ]);
    expect(batch.sequence).toBe(4);
    changes.told(batch);
    expect(changes.hasUntold).toBe(false);
  });

  test("say that all up to a number is told only when it is", () => {
    const { there, changes } = worker();
    for (const id of ["a", "b", "c", "a"]) {
      there.add(id);
      changes.changed(id);
    }
    // a has changed again: with it alone b and c, 2 and 3, are still to come.
    expect(changes.next(1)).toMatchObject({ changes: [["a", 4]], sequence: 1 });
  });

  test("of a unit that changed while it was told are told again, behind the others", () => {
    const { there, changes } = worker(["a", "b"]);
    const batch = changes.next(1);
    there.add("a");
    changes.changed("a");
    changes.told(batch);
    expect(idsOf(changes)).toEqual(["b", "a"]);
  });

  test("go on behind what the server has, with what has gone", () => {
    const { there, changes } = worker(["a", "b", "c"]);
    changes.told(changes.next(100));
    there.delete("b");
    changes.changed("b");
    expect(changes.reaches(3)).toBe(true);
    changes.goOnBehind(2);
    expect(idsOf(changes)).toEqual(["c", "b"]);
    expect(changes.reaches(5)).toBe(false);
  });

  test("cannot go on where too much has gone since: then all is compared", () => {
    const { there, changes } = worker(["kept"]);
    for (let n = 0; n < 10_001; n++) {
      there.add(`u${n}`);
      changes.changed(`u${n}`);
      there.delete(`u${n}`);
      changes.changed(`u${n}`);
    }
    expect(changes.reaches(1)).toBe(false);
    changes.compare();
    expect(changes.next(100)).toMatchObject({ changes: [["kept", 1]], isWhole: true });
  });

  test("compare() is whole with the last of what was there, whatever comes meanwhile", () => {
    const { there, changes } = worker(["a", "b", "c"]);
    changes.compare();
    const first = changes.next(2);
    expect(first.isWhole).toBe(false);
    changes.told(first);
    for (const id of ["a", "d"]) {
      there.add(id);
      changes.changed(id);
    }
    expect(changes.next(1)).toMatchObject({ changes: [["c", 3]], isWhole: true });
    expect(worker().changes.next(1)).toMatchObject({ changes: [], isWhole: true });
  });

  test("make the mirror what the worker is, whatever is lost on the way", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom("change", "remove"), id: fc.constantFrom("a", "b", "c", "d", "e") }),
      fc.record({ kind: fc.constantFrom("tell", "cut", "lost answer"), most: fc.integer({ min: 1, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { there, changes } = worker();
        const versions = new Map<string, number>();
        const mirror = new Map<string, number>();
        let position = 0;
        const tell = (most: number, isAnswered = true): void => {
          const batch = changes.next(most);
          for (const [id] of batch.changes)
            if (there.has(id)) mirror.set(id, versions.get(id) ?? 0);
            else mirror.delete(id);
          expect(batch.sequence).toBeGreaterThanOrEqual(position);
          position = batch.sequence;
          if (isAnswered) changes.told(batch);
          else changes.goOnBehind(position);
        };
        for (const each of steps) {
          if ("most" in each) {
            if (each.kind === "cut") changes.goOnBehind(position);
            else tell(each.most, each.kind === "tell");
            continue;
          }
          if (each.kind === "change") there.add(each.id);
          else if (!there.delete(each.id)) continue;
          versions.set(each.id, (versions.get(each.id) ?? 0) + 1);
          changes.changed(each.id);
        }
        while (changes.hasUntold) tell(2);
        expect(mirror).toEqual(new Map([...there].map((id) => [id, versions.get(id) ?? 0])));
      }),
    );
  });
});
