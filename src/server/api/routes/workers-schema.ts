import { z } from "zod";
import { count, labels, level, pageOf, pageQuery, queryCount, timeMs, word } from "../field-schema.ts";

export const workerState = z.enum(["online", "late", "lost", "stopped", "removed"]);

export const WorkerView = z.object({
  id: z.string(),
  name: z.string(),
  state: workerState,
  cause: z.string(),
  since: timeMs,
  trouble: z.string().optional().describe("what it says is wrong with its work, as a folder that it cannot watch"),
  seenAt: timeMs.nullable(),
  mode: z.string(),
  version: z.string(),
  labels,
  level: level.describe("what you may do on it; the worker itself may allow less"),
  capabilities: z.array(z.string()).optional().describe("work types it says it offers"),
  helperSlots: count.optional().describe("most helpers it says it may have"),
  // For admins.
  node: z.string().optional(),
  machineId: z.string().optional(),
  epoch: count.optional(),
  cloneable: z.boolean().optional(),
  addresses: z
    .object({ reported: z.string().nullable(), observed: z.string().nullable(), configured: z.string().nullable() })
    .optional(),
});
export const Workers = pageOf(WorkerView);
const label = z
  .string()
  .max(320)
  .regex(/^[^=]{1,63}=/, "NAME=VALUE");
export const WorkersQuery = z.strictObject({
  ...pageQuery,
  state: workerState.optional(),
  label: z
    .union([label, z.array(label).max(32)])
    .optional()
    .describe("NAME=VALUE, several of them"),
});
export const WorkerParams = z.object({ worker: word });
export const WorkerChange = z.strictObject({
  labels: labels.optional(),
  address: z.string().max(255).nullable().optional(),
});

export const HealthQuery = z.strictObject({ from: queryCount, to: queryCount, stepMs: queryCount.default(60_000) });
export const HealthSeries = z.object({
  points: z.array(z.object({ at: timeMs, sample: z.record(z.string(), z.number()), beats: count })),
});
export const WindowQuery = z.strictObject({ from: queryCount, to: queryCount });
export const Availability = z.object({
  spentMs: z.record(workerState, count),
  share: z.number().nullable().describe("0 to 1; null: nothing is known"),
});
export const EventsQuery = z.strictObject({
  ...pageQuery,
  order: z.enum(["oldest", "newest"]).default("oldest").describe("which of them come first"),
});
export const Events = pageOf(z.object({ sequence: count, at: timeMs, state: z.string(), cause: z.string() }));
