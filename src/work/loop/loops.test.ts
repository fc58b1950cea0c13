import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import {
  ended,
  eventually,
  openTestNode,
  outputOf,
  patience,
  type TestNode,
  type TestNodeOptions,
  type Unit,
} from "../../../test/kit/units.ts";
import type { LoopSettings } from "../settings.ts";
import { UnitState } from "../wire.ts";
import type { Claim, LoopTask } from "./held-task.ts";
import type { LoopHelper } from "./loops.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const render: LoopSettings = {
  ...{ kind: "loop", workType: "render", params: "--fast", allowRuntimeParams: true, isRemote: false },
  ...{ leaseMs: 60_000, attempts: 3, output: "live", onServiceLoss: "finish", serviceLossMs: 60_000 },
};
const ann: LoopHelper = { id: "ann", workTypes: ["render"], isRemote: false };
const bob: LoopHelper = { ...ann, id: "bob" };

async function node(type: Partial<LoopSettings> = {}, more: TestNodeOptions = {}): Promise<TestNode> {
  return await openTestNode({ workTypes: [{ ...render, ...type }], ...more });
}

async function submit(at: TestNode, input = "payload"): Promise<Unit> {
  return await at.start("", { type: "render", params: "page.xml", input });
}

/** A task, which must be there. */
async function taken(at: TestNode, helper = ann): Promise<LoopTask & { readonly claim: Claim }> {
  const next = await at.units.loops.next(helper, 30_000, patience());
  if (next.kind !== "task") throw new Error(`no task but ${next.kind}`);
  const { unit, fence } = next.task;
  return { ...next.task, claim: { helper: helper.id, unit, fence } };
}

const bytes = (text: string) => Buffer.from(text);
const lost = { code: "LEASE_LOST" };

describe("CAT-84: a run loop", () => {
  test("gets a task with all it must know, sends output, and says how it ended", async () => {
    await using at = await node();
    const unit = await submit(at);
    expect(unit.status).toMatchObject({ State: UnitState.Pending, Queued: true });
    const { claim, ...task } = await taken(at);
    expect(task).toEqual({
      ...{ unit: unit.id, workType: "render", params: "--fast page.xml", attempt: 1, fence: 1 },
      ...{ leaseMs: 60_000, payloadBytes: 7, outputBytes: 0 },
    });
    expect(unit.status).toMatchObject({ State: UnitState.Running, Attempt: 1 });
    const { loops } = at.units;
    expect(Buffer.from((await loops.tasks.payload(claim, 3, 100)).bytes).toString()).toBe("load");
    expect(await loops.tasks.output(claim, 0, bytes("one "))).toEqual({ size: 4, word: "continue" });
    expect(loops.tasks.progress(claim, "40 %, half")).toBe("continue");
    expect(unit.report().Detail).toBe("Running: 40 %, half");
    expect(await loops.tasks.output(claim, 4, bytes("two"))).toEqual({ size: 7, word: "continue" });
    await loops.tasks.done(claim, { ExitCode: 3 }, 7);
    expect(unit.status).toMatchObject({
      ...{ State: UnitState.Failed, Cause: "EXITED", ExitCode: 3, Detail: "exit status 3", StdoutSize: 7, Attempt: 1 },
      StdoutSha256: createHash("sha256").update("one two").digest("hex"),
    });
    expect(unit.report()).not.toHaveProperty("Loop");
    expect(JSON.parse(readFileSync(unit.folder.status, "utf8"))).toEqual(unit.status);
  });

  test("waits for a task, and hears of it as soon as there is one", async () => {
    await using at = await node();
    const next = taken(at);
    const unit = await submit(at);
    expect((await next).unit).toBe(unit.id);
    expect(await at.units.loops.next(bob, 0, patience())).toEqual({ kind: "nothing" });
  });

  test("may say everything twice: what is there already is not written again", async () => {
    await using at = await node();
    const unit = await submit(at);
    const { claim } = await taken(at);
    const { loops } = at.units;
    await loops.tasks.output(claim, 0, bytes("abc"));
    expect(await loops.tasks.output(claim, 0, bytes("abcde"))).toMatchObject({ size: 5 });
    await loops.tasks.done(claim, { ExitCode: 0 }, 5);
    await loops.tasks.done(claim, { ExitCode: 0 }, 5);
    expect(outputOf(unit)).toBe("abcde");
    await expect(loops.tasks.done({ ...claim, helper: "bob" }, { ExitCode: 1 }, 5)).rejects.toMatchObject(lost);
  });

  test("cannot leave a gap, nor end without all of its output", async () => {
    await using at = await node();
    await submit(at);
    const { claim } = await taken(at);
    const { loops } = at.units;
    await expect(loops.tasks.output(claim, 1, bytes("b"))).rejects.toMatchObject({ code: "OUTPUT_GAP" });
    await loops.tasks.output(claim, 0, bytes("a"));
    await expect(loops.tasks.done(claim, { ExitCode: 0 }, 2)).rejects.toMatchObject({ code: "OUTPUT_GAP" });
  });

  test("gives back what it has not touched, and it was no attempt", async () => {
    await using at = await node({ attempts: 1 });
    const unit = await submit(at);
    const first = await taken(at);
    await at.units.loops.tasks.release(first.claim);
    expect(unit.status).toMatchObject({ State: UnitState.Pending, Queued: true });
    const second = await taken(at, bob);
    expect(second).toMatchObject({ attempt: 1, fence: 2 });
    await at.units.loops.tasks.output(second.claim, 0, bytes("x"));
    await expect(at.units.loops.tasks.release(second.claim)).rejects.toMatchObject({ code: "TASK_TOUCHED" });
  });

  test("reports a failure: tried again if that may help, else it is the unit's end", async () => {
    await using at = await node({ attempts: 2 });
    const unit = await submit(at);
    expect(await at.units.loops.tasks.fail((await taken(at)).claim, "no licence now", true)).toBe(true);
    expect(unit.status.Detail).toContain("no licence now");
    const { claim, attempt } = await taken(at);
    expect(attempt).toBe(2);
    expect(await at.units.loops.tasks.fail(claim, "no licence now", true)).toBe(false);
    const { State, Detail, Cause } = unit.status;
    expect({ State, Detail, Cause }).toEqual({
      ...{ State: UnitState.Failed, Detail: "no licence now", Cause: "HELPER_REPORTED" },
    });
  });

  test("what it logs is kept beside the output, up to a limit", async () => {
    await using at = await node();
    const unit = await submit(at);
    const { claim } = await taken(at);
    at.units.loops.tasks.log(claim, ["first", "second"]);
    const path = join(unit.folder.dir, "runner.log");
    expect(readFileSync(path, "utf8")).toBe("first\nsecond\n");
    for (let n = 0; n < 300; n++) at.units.loops.tasks.log(claim, ["x".repeat(4_000)]);
    expect(readFileSync(path).length).toBeLessThan(1_100_000);
    expect(readFileSync(path, "utf8")).toContain("(more is not kept)");
  });
});

describe("CAT-85: leases and fences", () => {
  test("a silent helper loses its task; the next gets it with a higher fence, and what the first says is refused", async () => {
    await using at = await node({ leaseMs: 200 });
    const unit = await submit(at);
    const first = await taken(at);
    const second = await taken(at, bob);
    expect(second).toMatchObject({ unit: unit.id, attempt: 2, fence: 2 });
    const { loops } = at.units;
    await expect(loops.tasks.output(first.claim, 0, bytes("late"))).rejects.toMatchObject(lost);
    await expect(loops.tasks.done(first.claim, { ExitCode: 1 }, 0)).rejects.toMatchObject(lost);
    expect(() => loops.tasks.progress(first.claim, "late")).toThrow(expect.objectContaining(lost));
    await loops.tasks.done(second.claim, { ExitCode: 0 }, 0);
    await expect(loops.tasks.done(first.claim, { ExitCode: 1 }, 0)).rejects.toMatchObject(lost);
    expect(unit.status).toMatchObject({ State: UnitState.Succeeded, Attempt: 2 });
  });

  test("is renewed by heartbeats, whatever the task is at", async () => {
    await using at = await node({ leaseMs: 300 });
    const unit = await submit(at);
    const { claim } = await taken(at);
    for (let n = 0; n < 12; n++) {
      const [told] = await at.units.loops.tasks.beat([{ ...claim, known: "continue" }], 50, patience());
      expect(told?.word).toBe("continue");
    }
    expect(unit.status).toMatchObject({ State: UnitState.Running, Attempt: 1 });
  });

  test("a heartbeat that waits here says nothing of a helper that has frozen meanwhile", async () => {
    await using at = await node({ leaseMs: 300 });
    const unit = await submit(at);
    const { claim } = await taken(at);
    const beat = at.units.loops.tasks.beat([{ ...claim, known: "continue" }], 30_000, patience());
    // News of other tasks wake it here again and again.
    const others = setInterval(() => at.units.loops.hold(false), 20);
    expect((await beat).map(({ word }) => word)).toEqual(["lost"]);
    clearInterval(others);
    await eventually("it waits again", () => unit.status.Detail.includes("said nothing for 0.3 s"));
  });

  test("an end of attempts is the unit's end, with its cause", async () => {
    await using at = await node({ leaseMs: 150, attempts: 2 });
    const unit = await submit(at);
    await taken(at);
    await taken(at, bob);
    const { State, Cause, Detail } = await ended(unit);
    expect({ State, Cause }).toEqual({ State: UnitState.Failed, Cause: "HELPER_LOST" });
    expect(Detail).toContain("its type allows 2 attempts");
  });

  test("what a dead helper had goes to others at once", async () => {
    await using at = await node();
    const unit = await submit(at);
    await taken(at);
    await at.units.loops.gone("ann", "its helper died");
    expect((await taken(at, bob)).unit).toBe(unit.id);
  });

  test("a next daemon knows who has what: the helper goes on with the same lease", async () => {
    await using at = await node();
    const { id } = await submit(at);
    const { claim } = await taken(at);
    await at.units.loops.tasks.output(claim, 0, bytes("before "));
    await at.reopen();
    expect(at.units.loops.tasksOf("ann")).toMatchObject([{ unit: id, fence: 1, outputBytes: 7 }]);
    await at.units.loops.tasks.output(claim, 7, bytes("after"));
    await at.units.loops.tasks.done(claim, { ExitCode: 0 }, 12);
    expect(outputOf(at.units.get(id))).toBe("before after");
  });

  test("a next daemon hands out what waited, with fences that go on growing", async () => {
    await using at = await node();
    const unit = await submit(at);
    await at.units.loops.tasks.fail((await taken(at)).claim, "later", true);
    await at.reopen();
    expect(await taken(at, bob)).toMatchObject({ unit: unit.id, attempt: 2, fence: 2 });
  });
});

describe("decision 14: output and attempts", () => {
  test("live output that has begun is not written over: the unit ends", async () => {
    await using at = await node();
    const unit = await submit(at);
    const { claim } = await taken(at);
    await at.units.loops.tasks.output(claim, 0, bytes("seen"));
    await at.units.loops.gone("ann", "its helper died");
    const { Cause, Detail, StdoutSize } = await ended(unit);
    expect({ Cause, StdoutSize }).toEqual({ Cause: "HELPER_LOST", StdoutSize: 4 });
    expect(Detail).toContain("its output has begun");
    expect(outputOf(unit)).toBe("seen");
  });

  test("whole output is the unit's when its attempt has ended, and nothing of an attempt before is in it", async () => {
    await using at = await node({ output: "whole" });
    const unit = await submit(at);
    const first = await taken(at);
    await at.units.loops.tasks.output(first.claim, 0, bytes("of the first attempt"));
    expect(existsSync(unit.folder.stdout)).toBe(false);
    await at.units.loops.gone("ann", "its helper died");
    const second = await taken(at, bob);
    expect(second.outputBytes).toBe(0);
    await at.units.loops.tasks.output(second.claim, 0, bytes("second"));
    await at.units.loops.tasks.done(second.claim, { ExitCode: 0 }, 6);
    expect(outputOf(unit)).toBe("second");
    expect(unit.status.StdoutSize).toBe(6);
  });

  test("whoever follows sees the bytes of one attempt, also when its end falls between two daemons", async () => {
    await using at = await node({ output: "whole" });
    const { id } = await submit(at);
    const { claim } = await taken(at);
    await at.units.loops.tasks.output(claim, 0, bytes("result"));
    await at.reopen();
    const unit = at.units.get(id);
    const read = (async () => {
      let text = "";
      for await (const chunk of at.units.results(unit, 0, patience())) text += Buffer.from(chunk).toString();
      return text;
    })();
    await at.units.loops.tasks.done(claim, { ExitCode: 0 }, 6);
    expect(await read).toBe("result");
  });
});

describe("an end that is on record, and could not be brought to its end", () => {
  /** Whole output, whose place is taken by something else. */
  async function stuck() {
    const at = await node({ output: "whole" });
    const unit = await submit(at);
    const { claim } = await taken(at);
    await at.units.loops.tasks.output(claim, 0, bytes("result"));
    mkdirSync(join(unit.folder.stdout, "in-the-way"), { recursive: true });
    await expect(at.units.loops.tasks.done(claim, { ExitCode: 0 }, 6)).rejects.toMatchObject({ code: "EISDIR" });
    expect(unit.status).toMatchObject({ State: UnitState.Running, Loop: { Result: { ExitCode: 0 } } });
    const { stdout } = unit.folder;
    return {
      at,
      unit,
      claim,
      free: () => rmSync(stdout, { recursive: true }),
      [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
    };
  }
  const success = { State: UnitState.Succeeded, ExitCode: 0, StdoutSize: 6, Attempt: 1 };

  test("stays what it was, whatever the helper says then", async () => {
    await using said = await stuck();
    said.free();
    expect(await said.at.units.loops.tasks.fail(said.claim, "no answer", true)).toBe(false);
    expect(said.unit.status).toMatchObject(success);
  });

  test("is told again after its output has come to its place", async () => {
    await using said = await stuck();
    const { stdout } = said.unit.folder;
    said.free();
    renameSync(`${stdout}.next`, stdout);
    await said.at.units.loops.tasks.done(said.claim, { ExitCode: 0 }, 6);
    expect(said.unit.status).toMatchObject(success);
    expect(outputOf(said.unit)).toBe("result");
  });

  test("is the unit's also when its helper is gone", async () => {
    await using said = await stuck();
    said.free();
    await said.at.units.loops.gone("ann", "its helper died");
    expect(said.unit.status).toMatchObject(success);
    expect(outputOf(said.unit)).toBe("result");
  });

  test("says what became of the output when that cannot be stored, and nobody is there to say it again", async () => {
    await using said = await stuck();
    await said.at.units.loops.gone("ann", "its helper died");
    expect(said.unit.status).toMatchObject({ State: UnitState.Failed, Cause: "STORAGE_FAILED" });
  });
});

describe("ending a task", () => {
  test("one that waits is cancelled at once", async () => {
    await using at = await node();
    const unit = await submit(at);
    await at.units.cancel(unit.id, patience());
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
    expect(await at.units.loops.next(ann, 0, patience())).toEqual({ kind: "nothing" });
  });

  test("a helper hears at once that its task is cancelled, and its last output is kept", async () => {
    await using at = await node();
    const unit = await submit(at);
    const { claim } = await taken(at);
    const beat = at.units.loops.tasks.beat([{ ...claim, known: "continue" }], 30_000, patience());
    const cancelled = at.units.cancel(unit.id, patience());
    expect((await beat)[0]?.word).toBe("cancel");
    expect((await at.units.loops.tasks.output(claim, 0, bytes("last words"))).word).toBe("cancel");
    await at.units.loops.tasks.done(claim, { Signal: "SIGTERM" }, 10);
    await cancelled;
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED", Signal: "SIGTERM" });
    expect(outputOf(unit)).toBe("last words");
  });

  test("a helper that does not stop loses its task, which is cancelled all the same", async () => {
    await using at = await node({ cancelGraceMs: 50, leaseMs: 200 });
    const unit = await submit(at);
    const { claim } = await taken(at);
    const deaf = setInterval(
      () => void at.units.loops.tasks.beat([{ ...claim, known: "continue" }], 0, patience()),
      20,
    );
    await at.units.cancel(unit.id, patience());
    clearInterval(deaf);
    expect(unit.status).toMatchObject({ State: UnitState.Canceled, Cause: "CANCELED" });
    expect(unit.status.Detail).toContain("did not say that it has stopped");
    await expect(at.units.loops.tasks.done(claim, { ExitCode: 0 }, 0)).rejects.toMatchObject(lost);
  });

  test("CAT-92: a task that runs too long, or writes too much, is told to stop", async () => {
    await using at = await node({ maxRunMs: 100, leaseMs: 400 });
    const unit = await submit(at);
    const { claim } = await taken(at);
    const [told] = await at.units.loops.tasks.beat([{ ...claim, known: "continue" }], 30_000, patience());
    expect(told?.word).toBe("cancel");
    await at.units.loops.tasks.done(claim, { Signal: "SIGTERM" }, 0);
    expect(unit.status).toMatchObject({ State: UnitState.Failed, Cause: "RUN_TIME_LIMIT" });
  });

  test("CAT-92: output beyond the limit is not stored", async () => {
    await using at = await node({ maxOutputBytes: 5 });
    const unit = await submit(at);
    const { claim } = await taken(at);
    expect(await at.units.loops.tasks.output(claim, 0, bytes("0123456789"))).toEqual({ size: 5, word: "cancel" });
    await at.units.loops.tasks.done(claim, { Signal: "SIGTERM" }, 10);
    expect(unit.status).toMatchObject({ State: UnitState.Failed, Cause: "OUTPUT_LIMIT", StdoutSize: 5 });
  });

  test("a released unit is gone, and what its helper says of it is refused", async () => {
    await using at = await node();
    const unit = await submit(at);
    const { claim } = await taken(at);
    const released = at.units.release(unit.id, { force: false, signal: patience() });
    await eventually("it is told", () => unit.status.Stopping !== undefined);
    await at.units.loops.tasks.done(claim, { Signal: "SIGTERM" }, 0);
    await released;
    expect(existsSync(unit.folder.dir)).toBe(false);
    await expect(at.units.loops.tasks.done(claim, { ExitCode: 0 }, 0)).rejects.toMatchObject(lost);
  });
});

describe("holding and draining", () => {
  test("while work is switched off no task is handed out; what was handed out goes on", async () => {
    await using at = await node();
    await submit(at);
    const { claim } = await taken(at);
    await submit(at);
    at.units.hold(true);
    expect(at.units.loops.waitingOf("render")).toBe(0);
    expect(await at.units.loops.next(bob, 0, patience())).toEqual({ kind: "nothing" });
    await at.units.loops.tasks.done(claim, { ExitCode: 0 }, 0);
    const next = taken(at, bob);
    at.units.hold(false);
    expect(await next).toMatchObject({ attempt: 1 });
  });

  test("CAT-90: a drain sends helpers home; at its deadline tasks go back on the list", async () => {
    await using at = await node({ attempts: 2 });
    const unit = await submit(at);
    const { claim } = await taken(at);
    at.units.loops.drain("the worker stops");
    expect(await at.units.loops.next(bob, 30_000, patience())).toEqual({
      kind: "shutdown",
      reason: "the worker stops",
    });
    const known = { ...claim, known: "continue" } as const;
    expect((await at.units.loops.tasks.beat([known], 30_000, patience()))[0]?.word).toBe("shutdown");
    const interrupted = at.units.interrupt();
    expect((await at.units.loops.tasks.beat([{ ...known, known: "shutdown" }], 30_000, patience()))[0]?.word).toBe(
      "cancel",
    );
    await at.units.loops.tasks.done(claim, { Signal: "SIGTERM" }, 0);
    await interrupted;
    expect(unit.status).toMatchObject({ State: UnitState.Pending, Queued: true, Attempt: 1 });
    await at.reopen();
    expect(await taken(at, bob)).toMatchObject({ unit: unit.id, attempt: 2 });
  });

  test("CAT-90: a task whose last attempt is interrupted ends as that", async () => {
    await using at = await node({ attempts: 1 });
    const unit = await submit(at);
    const { claim } = await taken(at);
    const interrupted = at.units.interrupt();
    await at.units.loops.tasks.beat([{ ...claim, known: "continue" }], 30_000, patience());
    await at.units.loops.tasks.done(claim, { Signal: "SIGTERM" }, 0);
    await interrupted;
    expect(unit.status).toMatchObject({ State: UnitState.Failed, Cause: "INTERRUPTED", Signal: "SIGTERM" });
  });
});

test("CAT-90: no drain waits for a task whose type is not configured now; when it is again its helper goes on", async () => {
  await using at = await node();
  const { id } = await submit(at);
  const { claim } = await taken(at);
  await at.units.loops.tasks.output(claim, 0, bytes("before "));
  await at.reopen({ workTypes: [] });
  expect(at.units.get(id).status).toMatchObject({ State: UnitState.Pending, Loop: { Fence: 1 } });
  await at.units.interrupt();
  await at.reopen({ workTypes: [render] });
  await at.units.loops.tasks.output(claim, 7, bytes("after"));
  await at.units.loops.tasks.done(claim, { ExitCode: 0 }, 12);
  expect(outputOf(at.units.get(id))).toBe("before after");
});

test("helpers from elsewhere get tasks of types that allow it, and no others", async () => {
  await using at = await openTestNode({ workTypes: [render, { ...render, workType: "open", isRemote: true }] });
  await submit(at);
  const remote: LoopHelper = { id: "far", workTypes: ["render", "open"], isRemote: true };
  expect(await at.units.loops.next(remote, 0, patience())).toEqual({ kind: "nothing" });
  const unit = await at.start("", { type: "open", params: "" });
  expect((await taken(at, remote)).unit).toBe(unit.id);
});
