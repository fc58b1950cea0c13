import { expect, test } from "vitest";
import { LastBeats } from "./last-beats.ts";

const workersOf = (beats: readonly { readonly workerId: string }[]) => beats.map(({ workerId }) => workerId);

test("after() gives the last heartbeat of each worker, and of those only what is new", () => {
  const beats = new LastBeats();
  beats.note("a", 1, { cpuPercent: 10 });
  beats.note("b", 2, { cpuPercent: 20 });
  beats.note("a", 3, { cpuPercent: 30 });
  expect(beats.after(0)).toMatchObject([
    { workerId: "b", at: 2 },
    { workerId: "a", at: 3, sample: { cpuPercent: 30 } },
  ]);
  const seen = beats.newest;
  expect(beats.after(seen)).toEqual([]);
  beats.note("b", 4, {});
  expect(workersOf(beats.after(seen))).toEqual(["b"]);
});

test("forget() drops a worker that was removed", () => {
  const beats = new LastBeats();
  beats.note("a", 1, {});
  beats.forget("a");
  expect(beats.after(0)).toEqual([]);
});
