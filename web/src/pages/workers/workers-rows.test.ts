import { describe, expect, test } from "vitest";
import type { WorkerView } from "#server/wire";
import { found, memoryPercent, placeOf, sorted } from "./workers-rows.ts";
import { workersSearch } from "./workers-search.ts";

const worker = (name: string, more: Partial<WorkerView> = {}): WorkerView => ({
  ...{
    id: `w-${name}`,
    name,
    state: "online",
    cause: "registered",
    since: 1,
    seenAt: 1,
    mode: "session",
    version: "1",
  },
  ...{ labels: {}, level: "monitor" },
  ...more,
});
const namesOf = (workers: readonly WorkerView[]): string[] => workers.map(({ name }) => name);
const row = (one: WorkerView, cpuPercent?: number) => ({
  worker: one,
  beat: cpuPercent === undefined ? undefined : { worker: one.id, at: 1, cpuPercent },
});

describe("the list of workers", () => {
  test("finds by name, host and labels, all words of what is searched", () => {
    const workers = [worker("web-1", { labels: { region: "eu" } }), worker("web-2", { labels: { region: "us" } })];
    expect(namesOf(found(workers, { q: "WEB region=eu" }))).toEqual(["web-1"]);
    expect(namesOf(found(workers, { q: "region=" }))).toEqual(["web-1", "web-2"]);
    expect(namesOf(found(workers, { state: "lost" }))).toEqual([]);
  });

  test("begins with what needs somebody: lost, late, in trouble", () => {
    const rows = [
      row(worker("fine")),
      row(worker("troubled", { trouble: "no disk" })),
      row(worker("late", { state: "late" })),
      row(worker("lost", { state: "lost" })),
    ];
    expect(namesOf(sorted(rows, {}).map((one) => one.worker))).toEqual(["lost", "late", "troubled", "fine"]);
  });

  test("sorts numbers within names as numbers, and what is unknown last either way", () => {
    const rows = [row(worker("w10"), 3), row(worker("w9"), 7), row(worker("w1"))];
    const byCpu = (down: boolean) => namesOf(sorted(rows, { sort: "cpu", down }).map((one) => one.worker));
    expect(byCpu(false)).toEqual(["w10", "w9", "w1"]);
    expect(byCpu(true)).toEqual(["w9", "w10", "w1"]);
    expect(namesOf(sorted(rows, { sort: "name" }).map((one) => one.worker))).toEqual(["w1", "w9", "w10"]);
  });

  test("leaves out of the address what is none of it", () => {
    expect(workersSearch({ q: 5, sort: "constructor", down: "yes", state: "" })).toEqual({});
    expect(workersSearch({ q: "a", sort: "cpu", down: true })).toEqual({ q: "a", sort: "cpu", down: true });
  });

  test("memoryPercent() knows nothing of what was not told", () => {
    expect(memoryPercent({ memoryUsedBytes: 1, memoryTotalBytes: 4 })).toBe(25);
    expect(memoryPercent({ memoryUsedBytes: 1 })).toBeUndefined();
  });

  test("placeOf() takes road and host apart, and prefers the address that a person gave", () => {
    const at = (observed: string | null, configured: string | null = null) =>
      placeOf(worker("w", { addresses: { reported: null, observed, configured } }));
    expect(at("ws 192.0.2.7:4711")).toEqual({ host: "192.0.2.7:4711", road: "WebSocket" });
    expect(at("ws 192.0.2.7:4711", "north.example")).toEqual({ host: "north.example", road: "WebSocket" });
    expect(placeOf(worker("w"))).toEqual({});
  });
});
