import { describe, expect, test } from "vitest";
import type { WorkerView } from "#server/wire";
import { byName, found, memoryPercent, placeOf, sorted } from "./workers-rows.ts";
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
const beatsOf = (cpu: Readonly<Record<string, number>>) =>
  new Map(Object.entries(cpu).map(([name, cpuPercent]) => [`w-${name}`, { worker: `w-${name}`, at: 1, cpuPercent }]));

describe("the list of workers", () => {
  test("finds by name, host and labels, all words of what is searched", () => {
    const workers = [worker("web-1", { labels: { region: "eu" } }), worker("web-2", { labels: { region: "us" } })];
    expect(namesOf(found(workers, { q: "WEB region=eu" }))).toEqual(["web-1"]);
    expect(namesOf(found(workers, { q: "region=" }))).toEqual(["web-1", "web-2"]);
    expect(namesOf(found(workers, { state: "lost" }))).toEqual([]);
  });

  test("begins with what needs somebody: lost, late, in trouble", () => {
    const workers = [
      worker("fine"),
      worker("troubled", { trouble: "no disk" }),
      worker("late", { state: "late" }),
      worker("lost", { state: "lost" }),
    ];
    expect(namesOf(sorted(workers, new Map(), {}))).toEqual(["lost", "late", "troubled", "fine"]);
  });

  test("sorts numbers within names as numbers, and what is unknown last either way", () => {
    const workers = byName([worker("w10"), worker("w9"), worker("w1")]);
    const beats = beatsOf({ w10: 3, w9: 7 });
    const byCpu = (down: boolean) => namesOf(sorted(workers, beats, { sort: "cpu", down }));
    expect(byCpu(false)).toEqual(["w10", "w9", "w1"]);
    expect(byCpu(true)).toEqual(["w9", "w10", "w1"]);
    expect(namesOf(sorted(workers, beats, { sort: "name" }))).toEqual(["w1", "w9", "w10"]);
    expect(namesOf(sorted(workers, beats, { sort: "name", down: true }))).toEqual(["w10", "w9", "w1"]);
  });

  test("has equals in the order of their names, whichever way", () => {
    const workers = byName(["c", "b10", "b9", "a"].map((name) => worker(name)));
    const beats = beatsOf({ c: 1, b10: 2, b9: 2, a: 1 });
    const byCpu = (down: boolean) => namesOf(sorted(workers, beats, { sort: "cpu", down }));
    expect(byCpu(false)).toEqual(["a", "c", "b9", "b10"]);
    expect(byCpu(true)).toEqual(["b9", "b10", "a", "c"]);
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
