import { describe, expect, test } from "vitest";
import type { UnitReport } from "#work/wire";
import { elsewhere, waitText } from "./remote-text.ts";

const extra = {
  ...{ RemoteNode: "bar", RemoteWorkType: "echoint", RemoteUnitID: "" },
  ...{ LocalCancelled: false, LocalReleased: false },
};
const running: UnitReport = {
  State: 1,
  StateName: "Running",
  Detail: "Running: PID 7",
  StdoutSize: 0,
  WorkType: "remote",
  ExtraData: extra,
};
const stalled = { ...running, Stalled: "no route to node" };

describe("elsewhere()", () => {
  test("is where the work of a remote unit is", () => {
    expect(elsewhere(running)).toEqual({ node: "bar", workType: "echoint", unitId: undefined });
    const started = { ...running, ExtraData: { ...extra, RemoteUnitID: "s5YkQ0aB" } };
    expect(elsewhere(started)?.unitId).toBe("s5YkQ0aB");
  });

  test("is nowhere for work of the node itself, and for a remote unit that does not say", () => {
    expect(elsewhere({ ...running, WorkType: "echoint" })).toBeUndefined();
    expect(elsewhere({ ...running, ExtraData: null })).toBeUndefined();
  });
});

test.each([
  ["waits for nothing", running, undefined],
  ["is not heard of", stalled, "waits for bar"],
  [
    "was cancelled, and the cancel is on its way",
    { ...running, ExtraData: { ...extra, LocalCancelled: true } },
    "is being cancelled",
  ],
  [
    "was cancelled while its node was out of reach",
    { ...stalled, ExtraData: { ...extra, LocalCancelled: true } },
    "cancel waits for bar",
  ],
  [
    "was released while its node was out of reach",
    { ...stalled, State: 2, ExtraData: { ...extra, LocalCancelled: true, LocalReleased: true } },
    "release waits for bar",
  ],
  ["has ended", { ...stalled, State: 2 }, undefined],
] as const)("waitText() of a unit that %s", (_what, report, text) => expect(waitText(report)).toBe(text));
