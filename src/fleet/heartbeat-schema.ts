/**
 * How a worker does, every few seconds (spec CAT-41; what is measured and how: spec Quokka §3, §9).
 */
import { z } from "zod";
import type { Method } from "./method.ts";
import { workerState } from "./registration-schema.ts";

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const amount = z.number().min(0).max(1e15);
const percent = z.number().min(0).max(100);

/** What a worker measured just before it sent this. What a system does not tell is null. */
export const Heartbeat = z.strictObject({
  epoch: count.describe("number of the worker's registration"),
  beat: count.describe("1 for the first of this start, then one more for each"),
  state: workerState,
  cpuPercent: percent.nullable().describe("of all processors, since the heartbeat before; null in the first"),
  memoryUsedBytes: count,
  memoryTotalBytes: count,
  loadAverage1m: amount.nullable(),
  loadAverage5m: amount.nullable(),
  loadAverage15m: amount.nullable(),
  diskFreeBytes: count.nullable().describe("where the units' data lie"),
  diskTotalBytes: count.nullable(),
  uptimeSeconds: amount.describe("since the service was started"),
  machineUptimeSeconds: amount.nullable(),
  responseTimeMs: amount.nullable().describe("from sending the heartbeat before to its answer; null in the first"),
  clockOffsetMs: z
    .number()
    .min(-1e13)
    .max(1e13)
    .nullable()
    .describe("server's clock less the worker's, as the heartbeat before showed"),
  helpersRunning: count,
  helpersBusy: count,
  helperSlots: count,
  unitsRunning: count,
  unitsPending: count,
  watchersTroubled: count.optional().describe("watched folders with which something is wrong (CAT-17)"),
  trouble: z.string().max(1_000).optional().describe("what is wrong with the worker's work, in words; absent: nothing"),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** What the server answers at once: with it the worker measures {@link Heartbeat} `responseTimeMs` and `clockOffsetMs`. */
export const HeartbeatAnswer = z.strictObject({
  serverTimeMs: count.describe("when the heartbeat came, milliseconds since 1970"),
  assertionTimeMs: count.describe("the same by the clock that assertions are dated by, which nobody sets"),
  nextInMs: count.min(1_000).max(3_600_000).describe("when the next one is wanted"),
  helpersRemote: z.boolean().optional().describe("whether helpers from elsewhere may take tasks (CAT-95)"),
  entitled: z
    .array(z.string().max(64))
    .max(16)
    .optional()
    .describe("what the policy includes of this worker from elsewhere, as `ent` of assertions says it (CAT-100)"),
});
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

export const heartbeat: Method<Heartbeat, HeartbeatAnswer> = {
  name: "heartbeat",
  params: Heartbeat,
  result: HeartbeatAnswer,
  tells: true,
  level: "none",
  changes: true,
};
