import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { UnitState, type UnitStatus } from "../wire.ts";
import { Unit } from "./unit.ts";
import { unitFolder } from "./unit-folder.ts";

const pending: UnitStatus = { State: 0, Detail: "Unit Created", StdoutSize: 3, WorkType: "x", ExtraData: null };
const running = { ...pending, State: UnitState.Running };
const failed = { ...pending, State: UnitState.Failed };
const newUnit = () => new Unit("Ab3dEf9h", unitFolder("/nowhere", "Ab3dEf9h"), pending);
const never = () => new AbortController().signal;

describe("Unit", () => {
  test("set() does not take back an ending", () => {
    const unit = newUnit();
    unit.set(failed);
    unit.set(running);
    expect(unit.status.State).toBe(UnitState.Failed);
    expect(unit.isFinal).toBe(true);
  });

  test("changedSince() misses no change, waits for the next, and wakes everybody", async () => {
    const unit = newUnit();
    const { revision } = unit;
    unit.set(running);
    await expect(unit.changedSince(revision, never())).resolves.toBeUndefined();
    const waiting = [1, 2, 3].map(() => unit.changedSince(unit.revision, never()));
    unit.set(failed);
    await Promise.all(waiting);
  });

  test("changedSince() and until() end with the reason of their signal", async () => {
    const unit = newUnit();
    const reason = new Error("enough");
    await expect(unit.changedSince(unit.revision, AbortSignal.abort(reason))).rejects.toBe(reason);
    const stop = new AbortController();
    const waiting = unit.until(({ State }) => State === UnitState.Failed, stop.signal);
    unit.set(running);
    await sleep(0);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test("until() resolves at once when it holds already", async () => {
    await expect(newUnit().until(({ State }) => State === UnitState.Pending, never())).resolves.toBeUndefined();
  });

  test("report() names the state and puts Farhand's fields behind Receptor's", () => {
    const unit = newUnit();
    unit.set({ ExitCode: 1, ...failed });
    expect(Object.keys(unit.report())).toEqual(
      "State StateName Detail StdoutSize WorkType ExtraData ExitCode".split(" "),
    );
    expect(unit.report()).toMatchObject({ State: 3, StateName: "Failed", StdoutSize: 3 });
  });

  test("report() of a running unit looks at the output itself", () => {
    const unit = newUnit();
    unit.set(running);
    expect(unit.report().StdoutSize).toBe(0);
  });
});
