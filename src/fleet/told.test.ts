import fc from "fast-check";
import { expect, test } from "vitest";
import { Heartbeat, heartbeat } from "./heartbeat-schema.ts";
import { Hello, Registered } from "./registration-schema.ts";
import { readTold } from "./told.ts";
import { type UnitNews, UnitsChanged } from "./unit-news-schema.ts";

const beat: Heartbeat = {
  ...{ epoch: 3, beat: 1, state: "registered", cpuPercent: null, memoryUsedBytes: 1, memoryTotalBytes: 2 },
  ...{ loadAverage1m: 0, loadAverage5m: 0, loadAverage15m: 0, diskFreeBytes: 1, diskTotalBytes: 2 },
  ...{ uptimeSeconds: 1, machineUptimeSeconds: 1, responseTimeMs: null, clockOffsetMs: null },
  ...{ helpersRunning: 0, helpersBusy: 0, helperSlots: 1, unitsRunning: 0, unitsPending: 0 },
};
const news: UnitNews = {
  ...{ id: "Ab3dEf9h", workType: "sh", state: 1, detail: "Running", stdoutSize: 0, createdAt: 1 },
  requestedBy: { user: "ada", level: "operate" },
};
const hello: Hello = {
  ...{ apiVersion: { major: 1, minor: 0 }, serviceVersion: "1", mode: "session", state: "registered", features: [] },
};
const changed: UnitsChanged = {
  ...{ epoch: "abcdefgh", compare: false, whole: false, sequence: 1, changed: [news, news], released: [] },
};

/** The value with members of a later version in some of its objects. */
function withMore(value: unknown, more: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) return fc.tuple(...value.map((each) => withMore(each, more)));
  if (typeof value !== "object" || value === null) return fc.constant(value);
  const known = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withMore(each, more)]));
  const added = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 6 }).map((name) => `later ${name}`),
    more,
    { maxKeys: 3 },
  );
  return fc.tuple(fc.record(known), added).map(([here, later]) => ({ ...here, ...later }));
}

test.each([
  ["a heartbeat", Heartbeat, beat],
  ["changes of units", UnitsChanged, changed],
  ["a greeting", Hello, hello],
])("%s of a later version is read as far as it is known, wherever its new members stand", (_, schema, value) => {
  fc.assert(
    fc.property(withMore(value, fc.jsonValue({ maxDepth: 2 })), (told) => {
      const before = JSON.stringify(told);
      const read = readTold<object>(schema, told);
      expect(read.success && read.data).toEqual(value);
      expect(JSON.stringify(told)).toBe(before);
    }),
    { numRuns: 200 },
  );
});

test("what is known must be right all the same", () => {
  expect(readTold(Heartbeat, { ...beat, later: 1, beat: "first" }).success).toBe(false);
  expect(readTold(Heartbeat, { later: 1 }).success).toBe(false);
  expect(readTold(Registered, [{ later: 1 }]).success).toBe(false);
  expect(readTold(heartbeat.result, null).success).toBe(false);
});

test("no member of a later version reaches what every object has", () => {
  const read = readTold(
    Heartbeat,
    JSON.parse(`{"__proto__":{"epoch":1},"constructor":1,${JSON.stringify(beat).slice(1)}`),
  );
  expect(read.success && Object.keys(read.data)).toEqual(Object.keys(beat));
});
