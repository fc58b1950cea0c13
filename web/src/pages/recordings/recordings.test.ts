import { describe, expect, test } from "vitest";
import { castEvent, castSize } from "./cast.ts";
import { streamPiece } from "./stream-event.ts";
import { clockText, eventsUntil, timelineOf } from "./timeline.ts";

describe("a line of an asciicast", () => {
  test("has the size in the first one, within what a terminal can be", () => {
    expect(castSize('{"version":2,"width":101,"height":30}')).toEqual({ columns: 101, rows: 30 });
    expect(castSize('{"version":2,"width":1e9,"height":-1}')).toEqual({ columns: 80, rows: 24 });
    for (const other of ['{"version":1}', "[1]", "null", "nonsense"]) expect(castSize(other)).toBeUndefined();
  });

  test("is output, a size or a mark, and nothing else", () => {
    expect(castEvent('[1.5,"o","hello"]')).toEqual({ at: 1_500, kind: "output", text: "hello" });
    expect(castEvent('[2,"r","90x40"]')).toEqual({ at: 2_000, kind: "size", columns: 90, rows: 40 });
    expect(castEvent('[2,"m","3 bytes are missing"]')).toEqual({
      at: 2_000,
      kind: "mark",
      text: "3 bytes are missing",
    });
    for (const other of ['[-1,"o","x"]', '[1,"i","key"]', '[1,"r","90"]', '["1","o","x"]', "{}", "x"])
      expect(castEvent(other), other).toBeUndefined();
  });
});

test("streamPiece() shows what crossed as plain characters, and what is missing", () => {
  const data = btoa("GET /\r\n\u0000\u001b[31m");
  expect(streamPiece(`{"at":5,"from":"client","data":"${data}"}`)).toEqual({
    ...{ at: 5, from: "client", text: "GET /\n··[31m", bytes: 13 },
  });
  expect(streamPiece('{"at":6,"gap":70}')).toMatchObject({ from: "nobody", text: expect.stringContaining("70 bytes") });
  for (const other of ['{"at":1,"from":"nobody","data":"eA=="}', '{"at":1,"from":"worker","data":"%"}', "x", "null"])
    expect(streamPiece(other), other).toBeUndefined();
});

describe("timelineOf()", () => {
  test("keeps the pace, or shortens what is longer than a pause, also before the end", () => {
    const at = [100, 60_000, 60_500];
    expect(timelineOf(at, 90_000)).toEqual({ times: at, lengthMs: 90_000 });
    expect(timelineOf(at, 90_000, 2_000)).toEqual({ times: [100, 2_100, 2_600], lengthMs: 4_600 });
  });

  test("only grows, whatever the events say", () => {
    expect(timelineOf([500, 100, 600], 0)).toEqual({ times: [500, 500, 600], lengthMs: 600 });
  });

  test("finds what is shown at a moment", () => {
    const line = timelineOf([0, 10, 10, 20], 30);
    expect([-1, 0, 9, 10, 19, 20, 99].map((at) => eventsUntil(line, at))).toEqual([0, 1, 1, 3, 3, 4, 4]);
  });
});

test("clockText() is minutes and seconds, with hours where there are any", () => {
  expect([0, 59_999, 187_000, 3_765_000].map(clockText)).toEqual(["0:00", "0:59", "3:07", "1:02:45"]);
});
