import { expect, test } from "vitest";
import type { UnitNews, UnitsChanged } from "#fleet";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { insertTestWorker } from "../../../test/kit/test-worker.ts";
import type { Store } from "../store/store.ts";
import { listUnits } from "../store/units.ts";
import { updateWorker } from "../store/workers.ts";
import { UnitIndex, type UnitIndexOptions } from "./unit-index.ts";

const day = 24 * 3_600_000;
const noon = Date.parse("2026-11-22T12:00:00Z");

/** A unit as a worker tells of it. */
const unit = (id: string, more: Partial<UnitNews> = {}): UnitNews => ({
  ...{ id, state: 1, detail: "Running", workType: "sh", stdoutSize: 0, createdAt: noon - 5_000 },
  ...more,
});

const batch = (more: Partial<UnitsChanged>): UnitsChanged => ({
  ...{ epoch: "epoch-one", compare: false, whole: false, sequence: 0, changed: [], released: [] },
  ...more,
});

async function opened(store: Store, options: Partial<UnitIndexOptions> = {}) {
  const clock = { time: noon, now: () => clock.time };
  const index = new UnitIndex({ store, clock, ...options });
  const worker = await insertTestWorker(store, "w1");
  return { clock, index, worker, listed: () => listUnits(store.db, { limit: 1_000 }) };
}

const byId = ([a]: readonly unknown[], [b]: readonly unknown[]): number => (String(a) < String(b) ? -1 : 1);

describeWithStores("index of units", (maker) => {
  test("knows nothing at first, then what a whole comparison told, and what came after", async () => {
    await using store = await maker.open();
    const { index, worker, listed } = await opened(store);
    expect(await index.known(worker)).toEqual({ epoch: null, sequence: 0 });
    await index.take(worker, batch({ compare: true, changed: [unit("a")], sequence: 1 }));
    // A comparison that was cut has told nothing to rely on.
    expect(await index.known(worker)).toEqual({ epoch: null, sequence: 0 });
    expect(index.isInStep(worker)).toBe(false);
    await index.take(worker, batch({ compare: true, changed: [unit("a"), unit("b")], sequence: 2, whole: true }));
    await index.take(worker, batch({ changed: [unit("a", { state: 2, exitCode: 0, stdoutSize: 9 })], sequence: 3 }));
    expect(index.isInStep(worker)).toBe(true);
    expect((await listed()).map(({ unit: id, state, size }) => [id, state, size])).toEqual([
      ["b", 1, 0],
      ["a", 2, 9],
    ]);
    expect(await new UnitIndex({ store, clock: { now: () => noon } }).known(worker)).toEqual({
      epoch: "epoch-one",
      sequence: 3,
    });
  });

  test("takes the same twice as once, and nothing that does not follow", async () => {
    await using store = await maker.open();
    const { index, worker, listed } = await opened(store);
    await index.take(worker, batch({ compare: true, whole: true }));
    const told = batch({ changed: [unit("a")], sequence: 4 });
    await index.take(worker, told);
    await index.take(worker, told);
    expect(await listed()).toHaveLength(1);
    const outOfStep = { code: "UNITS_OUT_OF_STEP" };
    await expect(index.take(worker, batch({ sequence: 3 }))).rejects.toMatchObject(outOfStep);
    await expect(index.take(worker, batch({ epoch: "another-one", sequence: 9 }))).rejects.toMatchObject(outOfStep);
    expect(await index.known(worker)).toMatchObject({ sequence: 4 });
  });

  test("keeps what is gone with its last state: said so, or missing from a comparison", async () => {
    await using store = await maker.open();
    const { index, worker, listed, clock } = await opened(store);
    const all = ["a", "b", "c"].map((id) => unit(id, { state: 3, cause: "EXITED", exitCode: 7 }));
    await index.take(worker, batch({ compare: true, whole: true, changed: all, sequence: 3 }));
    clock.time += 1_000;
    await index.take(worker, batch({ released: ["a", "never-there"], sequence: 4 }));
    clock.time += 1_000;
    const anew = { epoch: "epoch-two", compare: true };
    await index.take(worker, batch({ ...anew, changed: [unit("b")], sequence: 1, whole: true }));
    const gone = (await listed()).map((row) => [row.unit, row.released_at, row.state, row.exit_code]);
    expect(gone.sort(byId)).toEqual([
      ["a", noon + 1_000, 3, 7],
      ["b", null, 1, null],
      ["c", noon + 2_000, 3, 7],
    ]);
  });

  test("forgets what is gone after its time, and all of a worker that was removed", async () => {
    await using store = await maker.open();
    const { index, worker, listed, clock } = await opened(store, { keptMs: day });
    const other = await insertTestWorker(store, "w2");
    await index.take(worker, batch({ compare: true, whole: true, changed: [unit("a"), unit("b")], sequence: 2 }));
    await index.take(other, batch({ compare: true, whole: true, changed: [unit("a")], sequence: 1 }));
    await index.take(worker, batch({ released: ["a"], sequence: 3 }));
    clock.time += day;
    await index.sweep();
    expect(await listed()).toHaveLength(3);
    clock.time += 1;
    await index.sweep();
    expect((await listed()).map((row) => [row.worker_name, row.unit]).sort(byId)).toEqual([
      ["w1", "b"],
      ["w2", "a"],
    ]);
    await updateWorker(store.db, other, { state: "removed" });
    expect(await listed()).toHaveLength(1);
    await index.sweep();
    await expect(index.take(other, batch({ compare: true }))).rejects.toMatchObject({ code: "WORKER_NOT_FOUND" });
  });

  test("tells of each change once, and of nothing that is as it was", async () => {
    await using store = await maker.open();
    const { index, worker } = await opened(store);
    await index.take(worker, batch({ compare: true, whole: true, changed: [unit("a"), unit("b")], sequence: 2 }));
    await index.take(worker, batch({ changed: [unit("a", { state: 2 }), unit("b")], released: ["b"], sequence: 4 }));
    const anew = { epoch: "epoch-two", compare: true, whole: true };
    await index.take(worker, batch({ ...anew, changed: [unit("a", { state: 2 })], sequence: 1 }));
    const told = index.feed.after(0, 100)?.map(({ unit: row, worker: { name } }) => [name, row.unit, row.state]);
    expect(told).toEqual([
      ["w1", "a", 1],
      ["w1", "b", 1],
      ["w1", "a", 2],
      ["w1", "b", 1],
    ]);
  });

  test("does not believe in the future, and takes any text", async () => {
    await using store = await maker.open();
    const { index, worker, listed } = await opened(store);
    const odd = unit("a", { createdAt: noon + 1e12, endedAt: noon + 1e12, detail: "nul\0 half \ud800", workType: "'" });
    await index.take(worker, batch({ compare: true, whole: true, changed: [odd], sequence: 1 }));
    expect(await listed()).toMatchObject([{ created_at: noon, ended_at: noon, work_type: "'" }]);
  });

  test("keeps so many units of one worker: those it has before those it has no more", async () => {
    await using store = await maker.open();
    const { index, worker, listed } = await opened(store, { maxUnitsPerWorker: 5 });
    const some = (from: number) => Array.from({ length: 4 }, (_, n) => unit(`u${from + n}`, { createdAt: from + n }));
    await index.take(worker, batch({ compare: true, whole: true, changed: some(10), sequence: 4 }));
    await index.take(worker, batch({ released: ["u13"], sequence: 5 }));
    await index.take(worker, batch({ changed: some(20), sequence: 9 }));
    expect((await listed()).map((row) => row.unit)).toEqual(["u23", "u22", "u21", "u20", "u12"]);
  });

  test("lists ten thousand units of one worker page by page, each once", async () => {
    await using store = await maker.open();
    const { index, worker } = await opened(store);
    for (let from = 0; from < 10_000; from += 200) {
      // Many of them in the same millisecond.
      const changed = Array.from({ length: 200 }, (_, n) => unit(`u${from + n}`, { createdAt: noon - from }));
      await index.take(worker, batch({ compare: true, whole: from === 9_800, changed, sequence: from + 200 }));
    }
    const seen: string[] = [];
    for (let behind: Parameters<typeof listUnits>[1]["behind"]; ; ) {
      const page = await listUnits(store.db, { limit: 997, behind });
      seen.push(...page.map((row) => row.unit));
      behind = page.at(-1);
      if (page.length < 997) break;
    }
    expect(seen).toHaveLength(10_000);
    expect(new Set(seen).size).toBe(10_000);
  });
});
