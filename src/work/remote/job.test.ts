import { describe, expect, test } from "vitest";
import { Job } from "./job.ts";

/** Runs until it is stopped, and a little longer. */
function running(name: string, now: Set<string>) {
  return async (stop: AbortSignal) => {
    now.add(name);
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      else stop.addEventListener("abort", () => setImmediate(resolve));
    });
    now.delete(name);
  };
}

describe("Job.replace()", () => {
  test("lets one thing run at a time, however many ask at once", async () => {
    const job = new Job();
    const now = new Set<string>();
    await job.replace(running("first", now));
    await Promise.all(["a", "b", "c"].map((name) => job.replace(running(name, now))));
    expect(now.size).toBe(1);
    await job.stop();
    expect(now).toEqual(new Set());
  });

  test("begins nothing once the job is closed", async () => {
    const job = new Job();
    const now = new Set<string>();
    await job.replace(running("first", now));
    const replaced = job.replace(running("second", now));
    job.close();
    await replaced;
    expect(now).toEqual(new Set());
  });
});
