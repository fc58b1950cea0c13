/**
 * How a worker does now, for whoever looks at it on its machine: as its heartbeats tell it, and how those fare (spec CAT-112).
 */
import { z } from "zod";
import { Heartbeat } from "./heartbeat-schema.ts";
import type { Method } from "./method.ts";

const ms = z.number().min(0).max(1e15);

/** Measured for the answer. What a system does not tell is null. */
const WorkerVitals = Heartbeat.pick({
  cpuPercent: true,
  memoryUsedBytes: true,
  memoryTotalBytes: true,
  loadAverage1m: true,
  diskFreeBytes: true,
  diskTotalBytes: true,
}).extend({
  ownMemoryBytes: z.number().int().min(0).describe("of the service alone, without what it runs"),
  heartbeat: z
    .strictObject({
      answeredAgoMs: ms.describe("how long ago the server has answered one"),
      responseTimeMs: ms,
      everyMs: ms.describe("how far apart the server wants them"),
    })
    .nullable()
    .describe("null: it has no server, or none was answered since it was started"),
});
export type WorkerVitals = z.infer<typeof WorkerVitals>;

export const workerVitals: Method<Record<string, never>, WorkerVitals> = {
  name: "worker.vitals",
  params: z.strictObject({}),
  result: WorkerVitals,
  level: "monitor",
  changes: false,
};
