import { describe, expect, test } from "vitest";
import type { IndexedUnit, LiveMessage, WorkerView } from "#server/wire";
import { LiveState } from "./live-state.ts";

const worker = (id: string, more: Partial<WorkerView> = {}): WorkerView => ({
  ...{ id, name: id, state: "online", cause: "registered", since: 1, seenAt: 1, mode: "session", version: "1" },
  ...{ labels: {}, level: "monitor" },
  ...more,
});
const told = (one: WorkerView, position = "s-1"): LiveMessage => ({ kind: "worker", position, worker: one });
const names = (state: LiveState): string[] => [...state.workers.keys()];

function listed(...ids: string[]): LiveState {
  const state = new LiveState(() => 1_000);
  state.take({ reset: true, position: "s-0" });
  state.take({ kind: "workers", position: "s-0", workers: ids.map((id) => worker(id)) });
  state.take({ listed: true, position: "s-0" });
  return state;
}

describe("LiveState", () => {
  test("shows a list only when it is whole, and then each change", () => {
    const state = new LiveState(() => 0);
    state.take({ reset: true, position: "s-0" });
    state.take({ kind: "workers", position: "s-0", workers: [worker("a")] });
    expect([names(state), state.isListed]).toEqual([[], false]);
    state.take({ listed: true, position: "s-0" });
    expect([names(state), state.isListed]).toEqual([["a"], true]);
    state.take(told(worker("a", { state: "lost" }), "s-7"));
    expect(state.workers.get("a")).toMatchObject({ state: "lost" });
    expect(state.position).toBe("s-7");
  });

  test("forgets who was removed", () => {
    const state = listed("a", "b");
    state.take(told(worker("a", { state: "removed" })));
    expect(names(state)).toEqual(["b"]);
  });

  test("goes on at its position after a cut, but begins anew when the list was not whole", () => {
    const state = listed("a");
    state.cut();
    expect(state.position).toBe("s-0");
    state.take({ reset: true, position: "s-1" });
    state.cut();
    expect([state.position, names(state)]).toEqual([undefined, ["a"]]);
  });

  test("keeps the last heartbeat of each worker, and how far the server's clock is ahead", () => {
    const state = listed("a");
    state.take({ kind: "health", now: 4_000, beats: [{ worker: "a", at: 3_900, cpuPercent: 5 }] });
    expect([state.beats.get("a")?.cpuPercent, state.aheadMs]).toEqual([5, 3_000]);
    state.take({ kind: "clock", now: 1_500 });
    expect(state.aheadMs).toBe(500);
  });

  const unit = (id: string, state: number): IndexedUnit => ({
    ...{ worker: { id: "a", name: "a" }, id, state, stateName: "", detail: "", workType: "sh", stdoutSize: 0 },
    ...{ createdAt: 1, asOf: 1, connected: true },
  });
  const toldUnit = (one: IndexedUnit): LiveMessage => ({ kind: "unit", unitsPosition: "u-1", unit: one });

  test("keeps the last word on each unit, and forgets them all when some were missed", () => {
    const state = listed("a");
    state.take({ kind: "units", reset: true, unitsPosition: "u-0" });
    state.take(toldUnit(unit("x", 1)));
    state.take(toldUnit(unit("x", 2)));
    expect([...state.units.values()].map(({ id, state }) => [id, state])).toEqual([["x", 2]]);
    expect([state.unitsPosition, state.unitsEpoch, state.isListed]).toEqual(["u-1", 1, true]);
    state.take({ kind: "units", reset: true, unitsPosition: "u-9" });
    expect([state.units.size, state.unitsEpoch]).toEqual([0, 2]);
  });

  test("keeps no more changes of units than lists can show", () => {
    const state = listed("a");
    for (let n = 0; n < 1_100; n++) state.take(toldUnit(unit(`u${n}`, 1)));
    expect(state.units.size).toBe(1_000);
    expect(state.units.has("a u1099")).toBe(true);
  });
});
