import { describe, expect, test } from "vitest";
import { AwakeTime } from "./awake-time.ts";
import { type Lease, TaskList } from "./task-list.ts";

const any = [{ workType: "t", maxUnits: undefined }];
const lease = (unit: string, more: Partial<Lease> = {}): Lease => ({
  ...{ unit, workType: "t", helper: "h", fence: 1, leaseMs: 100, grantedAt: 0, heardAt: 0 },
  ...more,
});

describe("TaskList", () => {
  test("hands out in the order tasks came, those that came back first", () => {
    const list = new TaskList();
    for (const unit of ["a", "b"]) list.wait(unit, "t");
    list.wait("again", "t", true);
    expect([list.take(any), list.take(any), list.take(any), list.take(any)]).toEqual(["again", "a", "b", undefined]);
  });

  test("hands out no more of a type at once than it may be, also while one is being handed out", () => {
    const list = new TaskList();
    for (const unit of ["a", "b", "c"]) list.wait(unit, "t");
    const two = [{ workType: "t", maxUnits: 2 }];
    list.grant(lease(list.take(two) ?? ""));
    expect(list.take(two)).toBe("b");
    expect(list.take(two)).toBeUndefined();
    list.untake("b");
    expect(list.take(two)).toBe("c");
  });

  test("gives a helper what it may take, and nothing else", () => {
    const list = new TaskList();
    list.wait("a", "other");
    expect(list.take(any)).toBeUndefined();
    expect(list.take([{ workType: "other", maxUnits: undefined }])).toBe("a");
  });

  test("a lease is this helper's with this fence, and nobody else's", () => {
    const list = new TaskList();
    list.grant(lease("a", { fence: 2 }));
    expect(list.held("a", "h", 2)).toBeDefined();
    expect(list.held("a", "h", 1)).toBeUndefined();
    expect(list.held("a", "other", 2)).toBeUndefined();
  });

  test("a lease is over when its helper was silent for its time, or was told to stop and did not", () => {
    const list = new TaskList();
    const [silent, told] = [lease("a"), lease("b", { heardAt: 90, cutAt: 120 })];
    list.grant(silent);
    list.grant(told);
    expect(list.expired(99)).toEqual([]);
    expect(list.expired(100)).toEqual([silent]);
    expect(list.expired(120)).toEqual([silent, told]);
    expect(list.end(silent)).toBe(true);
    expect(list.end(silent)).toBe(false);
  });
});

describe("AwakeTime", () => {
  test("does not count the time in which the process was frozen", () => {
    let elapsed = 0;
    const time = new AwakeTime({ elapsed: () => elapsed }, 50);
    elapsed = 40;
    expect(time.now()).toBe(40);
    elapsed = 100_000;
    expect(time.now()).toBe(90);
  });
});
