import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { systemClock } from "#core";
import { eventually } from "../../../test/kit/units.ts";
import { helperMark } from "./helper-tree.ts";
import { Census, type CountedProcess, ProcessCensus } from "./process-census.ts";

const entry = (pid: number, parent: number, helper?: string): CountedProcess => ({
  ...{ pid, parent, helper, group: pid, session: pid, startTicks: 1, zombie: false, cpuTicks: 0, residentBytes: 0 },
});

test("startedBy() finds what a helper has started: below it, below that, and what hangs elsewhere with its mark", () => {
  const census = new Census([
    ...[entry(10, 1, "a"), entry(11, 10, "a"), entry(12, 11), entry(13, 1, "a"), entry(14, 13)],
    ...[entry(20, 1, "b"), entry(21, 20, "b"), entry(30, 1)],
  ]);
  const pids = census.startedBy("a", 10).map(({ pid }) => pid);
  expect(pids.sort((one, other) => one - other)).toEqual([11, 12, 13, 14]);
  expect(census.startedBy("b", 20).map(({ pid }) => pid)).toEqual([21]);
  expect(census.startedBy("c", 99)).toEqual([]);
});

/** A shell with a helper's mark, and a child below it that has lost it. */
function marked(id: string): ChildProcess & AsyncDisposable {
  const script = "env -i sleep 60 & echo up; wait";
  const env = { PATH: process.env["PATH"] ?? "", [helperMark]: id };
  const child = spawn("sh", ["-c", script], { env, detached: true, stdio: ["ignore", "pipe", "ignore"] });
  return Object.assign(child, {
    [Symbol.asyncDispose]: async () => {
      const exit = once(child, "exit");
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await exit;
    },
  });
}

test("look() shows living processes with marks and processor time, to all who ask at once with one look", async () => {
  await using helper = marked("census-1");
  if (helper.stdout) await once(helper.stdout, "data");
  const counter = new ProcessCensus();
  await eventually("the child below it", async () => {
    const census = await counter.look();
    const own = census.process(helper.pid ?? 0);
    return own?.helper === "census-1" && census.startedBy("census-1", own.pid).length === 1;
  });
  const [one, other] = await Promise.all([counter.look(), counter.look()]);
  expect(one).toBe(other);
  const own = one.process(process.pid);
  expect(own?.cpuTicks).toBeGreaterThan(0);
  expect(own?.residentBytes).toBeGreaterThan(process.memoryUsage.rss() / 2);
  expect(own?.residentBytes).toBeLessThan(process.memoryUsage.rss() * 2);
  expect(await counter.look()).not.toBe(one);
});

test("between two looks is a rest of 32 times what the first took, and of a tenth of a second at most", async () => {
  const rests: number[] = [];
  let now = 0;
  // Each question what time it is takes a millisecond.
  const elapsed = (): number => now++;
  const sleep = (ms: number): Promise<void> => {
    rests.push(ms);
    now += ms;
    return Promise.resolve();
  };
  const counter = new ProcessCensus({ ...systemClock, elapsed, sleep });
  await counter.look();
  const tookMs = now;
  await counter.look();
  expect(rests).toHaveLength(1);
  expect(rests[0]).toBeGreaterThan(20);
  expect(rests[0]).toBeLessThanOrEqual(Math.min(100, 32 * tookMs));
});
