import { describe, expect, test } from "vitest";
import { aloneIn, availabilityLine, seriesOf, shareOf, summaryOf, withNow } from "./series.ts";

const event = (sequence: number, at: number, state: string) => ({ sequence, at, state, cause: "" });

describe("graphs of a worker", () => {
  test("seriesOf() has a gap where nothing was heard", () => {
    const points = [0, 15, 100].map((at) => ({ at, sample: { cpuPercent: at }, beats: 1 }));
    expect(seriesOf({ points }, ({ cpuPercent }) => cpuPercent, 30)).toEqual([
      { at: 0, value: 0 },
      { at: 15, value: 15 },
      { at: 16, value: null },
      { at: 100, value: 100 },
    ]);
  });

  test("aloneIn() finds what no line shows", () => {
    const values = [1, null, 0, 3, null, null, 5];
    expect(aloneIn(values.map((value, at) => ({ at, value })))).toEqual([0, 6]);
    expect(aloneIn([{ at: 0, value: 7 }])).toEqual([0]);
  });

  test("availabilityLine() begins with what was before, and ends with what is", () => {
    const events = [event(3, 50, "lost"), event(1, 2, "online"), event(2, 40, "late")];
    expect(availabilityLine(events, 10, 60)).toEqual([
      { at: 10, value: 100 },
      { at: 39, value: 100 },
      { at: 40, value: 100 },
      { at: 49, value: 100 },
      { at: 50, value: 0 },
      { at: 60, value: 0 },
    ]);
    expect(availabilityLine([], 10, 60)).toEqual([]);
  });

  test("shareOf() is the part of the known time, which ends where the line does", () => {
    const events = [event(1, 20, "stopped"), event(2, 40, "online"), event(3, 90, "lost")];
    expect(shareOf(availabilityLine(events, 0, 120))).toBe(0.5);
    expect(shareOf(availabilityLine(events, 0, 80))).toBeCloseTo(2 / 3);
    expect(shareOf(availabilityLine(events, 100, 120))).toBe(0);
    expect(shareOf(availabilityLine([], 0, 120))).toBeNull();
  });

  test("withNow() adds what the events do not have yet", () => {
    const events = [event(1, 20, "online")];
    const lost = { state: "lost" as const, since: 50, cause: "silent" };
    const [, last] = withNow(events, lost);
    expect(last).toMatchObject({ at: 50, state: "lost" });
    expect(withNow([...events, event(2, 50, "lost")], lost)).toHaveLength(2);
    expect(withNow(events, undefined)).toBe(events);
  });

  test("summaryOf() says in words what the line shows", () => {
    expect(
      summaryOf(
        [
          { at: 1, value: 2 },
          { at: 2, value: null },
          { at: 3, value: 4 },
        ],
        String,
      ),
    ).toBe("2 to 4, mean 3");
    expect(summaryOf([], String)).toBe("nothing known");
  });
});
