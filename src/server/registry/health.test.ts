import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeWithStores } from "../../../test/kit/stores.ts";
import type { Store } from "../store/store.ts";
import { insertWorkerEvents } from "../store/worker-events.ts";
import { insertWorker } from "../store/workers.ts";
import { availabilityOf } from "./availability.ts";
import { Health } from "./health.ts";
import { healthSample, meansOf } from "./health-points.ts";
import { stepsFor } from "./health-retention.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.UTC(2030, 0, 1);

async function watched(store: Store, ...ids: string[]) {
  const texts = { public_key: "", machine_id: "", instance: "", mode: "system", version: "1", labels: "{}", cause: "" };
  const addresses = { reported_address: null, observed_address: null, configured_address: null };
  const numbers = { epoch: 1, created_at: 0, seen_at: null, cloneable: 0, state_since: 0 };
  for (const id of ids)
    await insertWorker(store.db, {
      ...{ id, name: id, node: id, state: "online", enrolment_id: "e" },
      ...texts,
      ...addresses,
      ...numbers,
    });
  const time = { now: start };
  const health = new Health(store, { now: () => time.now });
  /** Heartbeats each 15 s; `cpu` is the minute. */
  const beats = async (id: string, minutes: number): Promise<void> => {
    for (let n = 0; n < minutes * 4; n++, time.now += 15_000)
      health.add(id, { cpu: Math.floor((time.now - start) / minute), units: 1 });
    await health.flush();
  };
  const steps = async (stepMs: number) =>
    await store.db.selectFrom("health").selectAll().where("step_ms", "=", stepMs).orderBy("at").execute();
  return { time, health, beats, steps };
}

describeWithStores("health", ({ open }) => {
  test("gives a series with the step that was asked for", async () => {
    await using store = await open();
    const { health, beats } = await watched(store, "w", "other");
    await beats("w", 10);
    expect(await health.series("w", { from: start, to: start + 10 * minute, stepMs: 5 * minute })).toEqual([
      { at: start, beats: 20, sample: { cpu: 2, units: 1 } },
      { at: start + 5 * minute, beats: 20, sample: { cpu: 7, units: 1 } },
    ]);
  });

  test("sums up spans that are over, once, also when it is done twice or by another server", async () => {
    await using store = await open();
    const { health, beats, steps, time } = await watched(store, "w");
    await beats("w", 61);
    await health.maintain();
    expect(await steps(5 * minute)).toHaveLength(12);
    expect(await steps(hour)).toHaveLength(1);
    const before = [await steps(5 * minute), await steps(hour)];
    await health.maintain();
    await new Health(store, { now: () => time.now }).maintain();
    expect([await steps(5 * minute), await steps(hour)]).toEqual(before);
    expect(JSON.parse(before[1]?.[0]?.sample ?? "")).toEqual({ beats: 240, sample: { cpu: 29.5, units: 1 } });
  });

  test("an hour's mean of a number that was missing at times is that of the heartbeats that had it", async () => {
    await using store = await open();
    const { health, steps, time } = await watched(store, "w");
    // The disk answers once in the first five minutes, with 90, and then always, with 10.
    for (let n = 0; n < 244; n++, time.now += 15_000)
      health.add("w", { cpu: 1, constructor: 2, ...(n === 0 && { disk: 90 }), ...(n >= 20 && { disk: 10 }) });
    await health.flush();
    const disk = (90 + 220 * 10) / 221;
    const asked = { from: start, to: start + hour, stepMs: hour };
    const [direct] = await health.series("w", asked);
    expect(direct?.sample["disk"]).toBeCloseTo(disk, 9);
    await health.maintain();
    const [stored] = await steps(hour);
    const { sample, beats } = JSON.parse(stored?.sample ?? "") as { sample: Record<string, number>; beats: number };
    expect(sample["disk"]).toBeCloseTo(disk, 9);
    expect([sample["cpu"], sample["constructor"], beats]).toEqual([1, 2, 240]);
    const [summed] = await health.series("w", asked);
    expect(summed).toEqual({
      at: start,
      beats: 240,
      sample: { cpu: 1, constructor: 2, disk: expect.closeTo(disk, 9) as number },
    });
  });

  test("what came after the clock was set back is summed up too, also after a restart", async () => {
    await using store = await open();
    const { health, beats, steps, time } = await watched(store, "w");
    await beats("w", 11);
    time.now += 6 * hour;
    await beats("w", 11);
    await health.maintain();
    time.now = start + 11 * minute;
    const later = (await steps(5 * minute)).filter(({ at }) => at > start + hour);
    expect(later).toHaveLength(2);
    for (const server of [health, new Health(store, { now: () => time.now })]) {
      await beats("w", 10);
      await server.maintain();
    }
    const spans = (await steps(5 * minute)).map(({ at }) => (at - start) / minute).filter((at) => at < 60);
    expect(spans).toEqual([0, 5, 10, 15, 20, 25]);
  });

  test("old events are forgotten once an hour, each worker's last one never", async () => {
    await using store = await open();
    const { health, time } = await watched(store, "w");
    const event = (at: number) => ({ worker_id: "w", at, state: "online", cause: "" });
    const left = async () =>
      (await store.db.selectFrom("worker_event").select("at").orderBy("sequence").execute()).length;
    time.now = start + 500 * day;
    await insertWorkerEvents(store.db, [event(start), event(start + 1)]);
    await health.maintain();
    expect(await left()).toBe(1);
    await insertWorkerEvents(store.db, [event(start + 2)]);
    time.now += 59 * minute;
    await health.maintain();
    expect(await left()).toBe(2);
    time.now += minute;
    await health.maintain();
    expect(await left()).toBe(1);
  });

  test("a span that was left half done is done again after a restart", async () => {
    await using store = await open();
    const { health, beats, steps, time } = await watched(store, "a", "b");
    await beats("a", 5);
    time.now = start;
    await beats("b", 5);
    time.now += minute;
    await health.maintain();
    await store.db
      .deleteFrom("health")
      .where("step_ms", "=", 5 * minute)
      .where("worker_id", "=", "b")
      .execute();
    await new Health(store, { now: () => time.now }).maintain();
    expect((await steps(5 * minute)).map(({ worker_id }) => worker_id).sort()).toEqual(["a", "b"]);
  });

  test("keeps heartbeats for a day, five minutes for a month, hours for four hundred days", async () => {
    await using store = await open();
    const { health, beats, steps, time } = await watched(store, "w");
    await beats("w", 120);
    const counts = async () => [(await steps(0)).length, (await steps(5 * minute)).length, (await steps(hour)).length];
    time.now = start + day;
    await health.maintain();
    expect(await counts()).toEqual([480, 24, 2]);
    time.now = start + day + 2 * hour;
    await health.maintain();
    expect(await counts()).toEqual([0, 24, 2]);
    time.now = start + 30 * day + 2 * hour;
    await health.maintain();
    expect(await counts()).toEqual([0, 0, 2]);
    const window = { from: start, to: start + 2 * hour, stepMs: hour };
    expect(await health.series("w", window)).toMatchObject([{ beats: 240 }, { beats: 240 }]);
    time.now = start + 400 * day + 2 * hour;
    await health.maintain();
    expect(await counts()).toEqual([0, 0, 0]);
  });

  test("a series that begins long ago still ends now", async () => {
    await using store = await open();
    const { health, beats, time } = await watched(store, "w");
    await beats("w", 10);
    time.now = start + 2 * day;
    await health.maintain();
    await beats("w", 3);
    const series = await health.series("w", { from: start, to: time.now, stepMs: 5 * minute });
    expect(series.map(({ at, beats: number }) => [at - start, number])).toEqual([
      [0, 20],
      [5 * minute, 20],
      [2 * day, 12],
    ]);
  });

  test("refuses a window without end, or of too many points", async () => {
    await using store = await open();
    const { health } = await watched(store);
    for (const window of [
      { from: 1, to: 1, stepMs: 1 },
      { from: 0, to: day, stepMs: 0 },
      { from: 0, to: 2_001, stepMs: 1 },
      { from: 0, to: NaN, stepMs: 1 },
    ])
      await expect(health.series("w", window)).rejects.toMatchObject({ code: "SERIES_INVALID" });
  });

  test("tells how much of a window a worker was there", async () => {
    await using store = await open();
    const { health, time } = await watched(store, "w");
    const event = (minutes: number, state: string) => ({
      worker_id: "w",
      at: start + minutes * minute,
      state,
      cause: "",
    });
    await insertWorkerEvents(store.db, [event(0, "online"), event(30, "late"), event(31, "lost"), event(46, "online")]);
    time.now = start + hour;
    expect(await health.availability("w", start, start + 2 * hour)).toEqual({
      spentMs: { online: 44 * minute, late: minute, lost: 15 * minute, stopped: 0, removed: 0 },
      share: 0.75,
    });
    expect((await health.availability("w", start + 31 * minute, start + 46 * minute)).share).toBe(0);
    expect((await health.availability("w", start - hour, start)).share).toBeNull();
  });
});

describe("a sample", () => {
  test("is numbers with names, whatever a worker sends", () => {
    const sent = { cpu: 0.5, text: "x", none: null, nan: NaN, deep: { a: 1 }, "a b": 1, __proto__: { b: 1 } };
    expect(healthSample(sent)).toEqual({ cpu: 0.5 });
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`n${n}`, n]));
    expect(Object.keys(healthSample(many))).toHaveLength(64);
  });
});

test("means of means are the means of all", () => {
  const value = fc.double({ min: 0, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (values) => {
      const points = values.map((cpu, n) => ({ at: n * 15_000, beats: 1, sample: { cpu } }));
      const once = meansOf(points, hour);
      const twice = meansOf(meansOf(points, 5 * minute), hour);
      expect(twice.map(({ at, beats }) => [at, beats])).toEqual(once.map(({ at, beats }) => [at, beats]));
      twice.forEach(({ sample }, n) => expect(sample.cpu).toBeCloseTo(once[n]?.sample.cpu ?? NaN, 6));
    }),
  );
});

test("all known time is in some state, and none is counted twice", () => {
  const state = fc.constantFrom("online", "late", "lost", "stopped", "removed");
  const events = fc.array(fc.record({ at: fc.nat(1_000), state }), { minLength: 1 });
  fc.assert(
    fc.property(events, (given) => {
      const ordered = [...given].sort((a, b) => a.at - b.at);
      const { spentMs } = availabilityOf(ordered, 100, 900);
      const known = Math.max(0, 900 - Math.max(100, ordered[0]?.at ?? 0));
      expect(Object.values(spentMs).reduce((sum, ms) => sum + ms, 0)).toBe(known);
    }),
  );
});

test("old windows are read from coarse points, and their end from finer ones", () => {
  const stepsOf = (ageMs: number) => stepsFor(start - ageMs, start).map(({ stepMs }) => stepMs);
  expect(stepsOf(hour)).toEqual([0]);
  expect(stepsOf(2 * day)).toEqual([5 * minute, 0]);
  expect(stepsOf(31 * day)).toEqual([hour, 5 * minute, 0]);
  expect(stepsOf(900 * day)).toEqual([hour, 5 * minute, 0]);
});
