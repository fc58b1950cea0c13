import { describe, expect, test } from "vitest";
import { availabilityLine, seriesOf, summaryOf } from "./series.ts";

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
