import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CanaryNow, nextStep, type Rollout } from "./rollout.ts";

const rollout: Rollout = {
  ...{ name: "web", version: 5, base: 4, state: "canary", canaries: ["w1", "w2"], author: "u1", reason: "" },
  plan: { choose: { count: 2 }, healthyForMs: 60_000 },
  ...{ createdAt: 0, changedAt: 0 },
};

const applied = { version: 5, outcome: "applied", detail: "", at: 10_000 } as const;
const canary = (name: string, more: Partial<CanaryNow> = {}): CanaryNow => ({
  ...{ name, state: "online", since: 1_000, outcome: applied },
  ...more,
});

describe("nextStep()", () => {
  test("continues once all go by the version and were well for long enough since the last of them did (CAT-80)", () => {
    const last = { ...applied, at: 30_000 };
    const all = [canary("w1"), canary("w2", { outcome: last })];
    expect(nextStep(rollout, all, 89_999)).toEqual({
      step: "wait",
      why: "all go by it, and must be well for 1 s more",
    });
    expect(nextStep(rollout, all, 90_000)).toEqual({ step: "continue", why: "w1, w2 went by it and stayed well" });
  });

  test("counts anew from the moment on at which a worker is back", () => {
    expect(nextStep(rollout, [canary("w1", { since: 80_000 })], 100_000)).toMatchObject({
      step: "wait",
      why: "all go by it, and must be well for 40 s more",
    });
  });

  test.each<[string, Partial<CanaryNow>, string]>([
    ["it fails", { outcome: { ...applied, outcome: "failed", detail: "/log: no" } }, "w1 does not take it: /log: no"],
    ["it is lost", { state: "lost" }, "w1 was lost"],
    ["it is gone", { state: "removed", outcome: undefined }, "w1 is none of its workers any more"],
  ])("goes back at the first worker of which %s, also while it is paused", (_what, more, why) => {
    const all = [canary("w2"), canary("w1", more)];
    for (const state of ["canary", "paused"] as const)
      expect(nextStep({ ...rollout, state }, all, 1e9)).toEqual({ step: "go back", why });
  });

  test.each<[string, Partial<CanaryNow>, string]>([
    ["has said nothing", { outcome: undefined }, "w1 has not said what became of it"],
    ["speaks of another version", { outcome: { ...applied, version: 4 } }, "w1 has not said what became of it"],
    [
      "failed at another version",
      { outcome: { ...applied, version: 4, outcome: "failed" } },
      "w1 has not said what became of it",
    ],
    [
      "waits for a new start",
      { outcome: { ...applied, outcome: "pending", detail: "takes effect after a restart" } },
      "w1: pending, takes effect after a restart",
    ],
    ["was not heard of late", { state: "late" }, "w1 is late"],
    ["is started anew", { state: "stopped" }, "w1 is stopped"],
  ])("waits for a worker that %s", (_what, more, why) => {
    expect(nextStep(rollout, [canary("w1", more), canary("w2")], 1e9)).toEqual({ step: "wait", why });
  });

  test("does not continue while it is paused", () => {
    expect(nextStep({ ...rollout, state: "paused" }, [canary("w1")], 1e9)).toEqual({
      step: "wait",
      why: "it is paused; all go by it and are well",
    });
  });

  test("never continues while one of the first workers does not go by the version, whatever else is so", () => {
    const outcome = fc.record({
      version: fc.integer({ min: 3, max: 6 }),
      outcome: fc.constantFrom("applied", "pending", "failed"),
      detail: fc.constant("why"),
      at: fc.nat(100_000),
    });
    const anyCanary = fc.record({
      name: fc.constantFrom("w1", "w2"),
      state: fc.constantFrom("online", "late", "lost", "stopped", "removed"),
      since: fc.nat(100_000),
      outcome: fc.option(outcome, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(anyCanary, { minLength: 1, maxLength: 4 }), fc.nat(1_000_000), (all, now) => {
        const { step } = nextStep(rollout, all, now);
        const well = all.every(
          ({ state, since, outcome: said }) =>
            state === "online" &&
            said?.version === 5 &&
            said.outcome === "applied" &&
            Math.max(since, said.at) + 60_000 <= now,
        );
        expect(step === "continue").toBe(well);
      }),
    );
  });
});
