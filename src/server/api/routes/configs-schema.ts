import { z } from "zod";
import { count, json, jsonObject, labels, pageOf, pageQuery, queryCount, queryFlag, timeMs } from "../field-schema.ts";
import { workerState } from "./workers-schema.ts";

const version = {
  name: z.string(),
  version: count,
  sha256: z.string(),
  schemaVersion: count,
  author: z.string(),
  authorName: z.string().optional().describe("of the user, if there still is one"),
  comment: z.string(),
  createdAt: timeMs,
};
const change = z.object({ path: z.string(), before: json.optional(), after: json.optional() });

export const ConfigParams = z.object({ name: z.string().min(1).max(63) });
export const VersionParams = ConfigParams.extend({ version: queryCount });
export const ConfigsQuery = z.strictObject(pageQuery);
export const ConfigListQuery = z.strictObject({
  ...pageQuery,
  workers: queryFlag.optional().describe("true: tell of each how far it has come with its workers"),
});
export const Configs = pageOf(
  z.object({
    ...version,
    overview: z
      .object({
        workers: count.describe("it is for so many"),
        behind: count.describe("of them, those that do not go by the version they are to"),
        failed: count.describe("of them, those that have refused it"),
        rollout: z.object({ version: count, state: z.string() }).nullable(),
      })
      .optional(),
  }),
);
export const Config = z.object({ ...version, document: jsonObject });

const canaryPlan = z.strictObject({
  choose: z
    .union([z.strictObject({ count: count.min(1).max(10_000) }), z.strictObject({ labels })])
    .describe("so many of the workers that are online, or all with these labels"),
  healthyForMs: count.max(30 * 86_400_000).describe("they must be well for so long before the others get it"),
});
export const ConfigBody = z.strictObject({
  document: jsonObject,
  comment: z.string().max(1_000).optional(),
  canary: canaryPlan.optional().describe("some workers first; without it all at once"),
});

export const Rollout = z.object({
  name: z.string(),
  version: count,
  base: count.describe("the version that all others keep meanwhile"),
  state: z.enum(["canary", "paused", "done", "aborted", "failed"]),
  plan: canaryPlan,
  canaries: z.array(z.string()).describe("ids of the workers that have it first"),
  author: z.string(),
  reason: z.string(),
  createdAt: timeMs,
  changedAt: timeMs,
  next: z
    .object({ step: z.enum(["wait", "continue", "go back"]), why: z.string() })
    .nullable()
    .describe("what comes next, and why; null: it has ended"),
});
export const RolloutBody = z.strictObject({ do: z.enum(["pause", "resume", "finish", "abort"]) });

export const ConfigUsers = pageOf(
  z.object({
    id: z.string(),
    name: z.string(),
    state: workerState,
    mode: z.string().describe("only `cloud` takes its configuration from here"),
    wanted: count.nullable().describe("version it is to go by; null: there is none"),
    first: z.boolean().describe("it has the version that is being rolled out before the others"),
    running: count.nullable().describe("version it goes by, 0: none; null: it has said nothing yet"),
    outcome: z
      .object({ version: count, outcome: z.enum(["applied", "pending", "failed"]), detail: z.string(), at: timeMs })
      .nullable()
      .describe("what became of the last version it was given"),
  }),
);
export const Versions = pageOf(z.object({ ...version, changes: z.array(change).nullable() }));
export const DiffQuery = z.strictObject({ from: queryCount, to: queryCount });
export const Diff = z.object({ changes: z.array(change) });
export const RollbackBody = z.strictObject({ to: count });
