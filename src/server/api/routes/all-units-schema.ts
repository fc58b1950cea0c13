import { z } from "zod";
import { count, pageOf, pageQuery, queryCount, queryFlag, timeMs, word } from "../field-schema.ts";

export const unitStates = ["pending", "running", "succeeded", "failed", "canceled"] as const;

export const AllUnitsQuery = z.strictObject({
  ...pageQuery,
  worker: word.optional().describe("name or id of the worker"),
  unit: z
    .string()
    .regex(/^[0-9A-Za-z]{1,64}$/)
    .optional(),
  workType: z.string().max(1_000).optional(),
  state: z.enum(unitStates).optional(),
  user: z.string().max(300).optional().describe("name of the user who ordered it"),
  released: queryFlag.optional().describe("false: only those that their worker still has"),
  after: queryCount.optional().describe("created at this time or later, milliseconds since 1970"),
});

/** A unit of any worker, as the server knows it. */
export const IndexedUnit = z.object({
  worker: z.object({ id: z.string(), name: z.string() }),
  id: z.string(),
  state: count.describe("0 pending, 1 running, 2 succeeded, 3 failed, 4 canceled"),
  stateName: z.string(),
  detail: z.string(),
  workType: z.string(),
  params: z.record(z.string(), z.string()).optional().describe("as they were asked for, without secrets; may be cut"),
  stdoutSize: count.describe("bytes; of one that runs as of its last change"),
  createdAt: timeMs,
  startedAt: timeMs.optional(),
  endedAt: timeMs.optional(),
  cause: z.string().optional(),
  exitCode: z.number().int().optional(),
  signal: z.string().optional(),
  sha256: z.string().optional(),
  requestedBy: z.object({ user: z.string(), level: z.string() }).loose().optional(),
  watcher: z.string().optional(),
  file: z.string().optional(),
  releasedAt: timeMs.optional().describe("the worker has it no more since about then"),
  asOf: timeMs.describe("all this is known to be so up to this time"),
  connected: z.boolean().describe("whether its worker can be asked now"),
});
export const IndexedUnits = pageOf(IndexedUnit);
