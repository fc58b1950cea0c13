import type { ConfigOutcome } from "#fleet";
import type { Labels } from "../registry/labels.ts";
import type { WorkerState } from "../registry/worker.ts";

/** Which workers get a version first, and for how long they must be well before the others do (CAT-80). */
export interface CanaryPlan {
  /** So many, or all that have these labels. */
  readonly choose: { readonly count: number } | { readonly labels: Labels };
  /** Milliseconds, from the moment on at which the last of them goes by the version. */
  readonly healthyForMs: number;
}

/** `canary` and `paused` go on; `done`: all have it; `aborted` by a person and `failed` by a worker: it was taken back. */
export type RolloutState = "canary" | "paused" | "done" | "aborted" | "failed";

/** A version on its way from some workers to all. */
export interface Rollout {
  readonly name: string;
  readonly version: number;
  /** The version that all others keep meanwhile. */
  readonly base: number;
  readonly state: RolloutState;
  readonly plan: CanaryPlan;
  /** Ids of the workers that have it first. */
  readonly canaries: readonly string[];
  /** User id. */
  readonly author: string;
  /** Why it is in that state, in words. */
  readonly reason: string;
  /** Milliseconds since 1970; so is `changedAt`. */
  readonly createdAt: number;
  readonly changedAt: number;
}

/** How one of the first workers is now. */
export interface CanaryNow {
  readonly name: string;
  /** `removed`: it is not there, or is no worker of this configuration any more. */
  readonly state: WorkerState;
  /** In this state, milliseconds since 1970. */
  readonly since: number;
  /** What became of the last version it was given, and since when; undefined: nothing is known. */
  readonly outcome: (Omit<ConfigOutcome, "running"> & { readonly at: number }) | undefined;
}

/** What comes next, and why in words. */
export interface NextStep {
  readonly step: "wait" | "continue" | "go back";
  readonly why: string;
}

/**
 * What comes next of a roll-out. The first worker that fails or gets lost stops it; a pause only keeps it from going on.
 *
 * @param now milliseconds since 1970.
 */
export function nextStep(rollout: Rollout, canaries: readonly CanaryNow[], now: number): NextStep {
  const { version, plan, state } = rollout;
  for (const canary of canaries) {
    const trouble = troubleOf(canary, version);
    if (trouble !== undefined) return { step: "go back", why: `${canary.name} ${trouble}` };
  }
  const waiting = canaries.flatMap((canary) => waitsFor(canary, version) ?? []);
  if (waiting.length > 0) return { step: "wait", why: waiting.join("; ") };
  const leftMs = Math.max(...canaries.map(wellSince)) + plan.healthyForMs - now;
  if (leftMs > 0) return { step: "wait", why: `all go by it, and must be well for ${secondsOf(leftMs)} more` };
  if (state === "paused") return { step: "wait", why: "it is paused; all go by it and are well" };
  return { step: "continue", why: `${canaries.map(({ name }) => name).join(", ")} went by it and stayed well` };
}

function troubleOf({ state, outcome }: CanaryNow, version: number): string | undefined {
  if (state === "lost") return "was lost";
  if (state === "removed") return "is none of its workers any more";
  if (outcome?.version === version && outcome.outcome === "failed") return `does not take it: ${outcome.detail}`;
  return undefined;
}

function waitsFor({ name, state, outcome }: CanaryNow, version: number): string | undefined {
  if (outcome?.version !== version) return `${name} has not said what became of it`;
  if (outcome.outcome === "pending") return `${name}: pending, ${outcome.detail}`;
  return state === "online" ? undefined : `${name} is ${state}`;
}

function wellSince({ since, outcome }: CanaryNow): number {
  return Math.max(since, outcome?.at ?? 0);
}

function secondsOf(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}
