import { describe, expect, test } from "vitest";
import { noColours } from "../colours.ts";
import { allUnitsTable, listAllUnits } from "./all-units.ts";

const now = Date.parse("2026-11-22T12:00:00Z");
const unit = (id: string, more: object = {}) => ({
  ...{ id, worker: { id: "w", name: "brno-4" }, state: 1, stateName: "Running", detail: "pid 7", workType: "capture" },
  ...{ stdoutSize: 2_048, createdAt: now - 60_000, asOf: now, connected: true, ...more },
});

describe("farhand units", () => {
  test("says of each unit whose it is, how it is, and how old that is", () => {
    const units = [
      unit("a1", { requestedBy: { user: "ann (u-1)", level: "operate" } }),
      unit("b2", { asOf: now - 300_000, connected: false }),
      unit("c3", { state: 2, stateName: "Succeeded", asOf: now - 300_000, releasedAt: now - 1 }),
    ];
    expect(allUnitsTable(units, now, { colours: noColours, columns: undefined })).toEqual([
      "WORKER  UNIT  STATE               TYPE     BY   AGE     SIZE  DETAIL",
      "brno-4  a1    Running             capture  ann   1m  2.0 KiB  pid 7",
      "brno-4  b2    Running? (5m old)   capture  -     1m  2.0 KiB  pid 7",
      "brno-4  c3    Succeeded, removed  capture  -     1m  2.0 KiB  pid 7",
    ]);
  });

  test("goes through pages to the limit, with what was asked for in each", async () => {
    const asked: string[] = [];
    const printed: string[] = [];
    const ask = async (_method: string, path: string) => {
      asked.push(path);
      return { items: [unit(`u${asked.length}`)], next: "more" };
    };
    const terminal = { print: (text: string) => void printed.push(text) } as never;
    await listAllUnits(
      { ask: ask, now: () => now },
      { limit: "2", state: "running", since: "1m", json: true },
      terminal,
    );
    expect(asked).toEqual([
      `/units?state=running&after=${now - 60_000}&released=false&limit=2`,
      `/units?state=running&after=${now - 60_000}&released=false&limit=1&cursor=more`,
    ]);
    expect(JSON.parse(printed.join(""))).toHaveLength(2);
    for (const wrong of [{ limit: "0" }, { limit: "x" }, { since: "soon" }, { since: "-1h" }])
      await expect(listAllUnits({ ask: ask, now: () => now }, wrong, terminal)).rejects.toMatchObject({
        code: "USAGE",
      });
  });
});
