import { z } from "zod";
import { labels, pageOf, pageQuery, timeMs } from "../field-schema.ts";

const fingerprint = z.string().regex(/^([0-9a-f]{4}-){7}[0-9a-f]{4}$/, "is no fingerprint of a worker");
const pending = z.object({
  fingerprint,
  name: z.string(),
  hostName: z.string(),
  mode: z.string(),
  source: z.string(),
  createdAt: timeMs,
  askedAt: timeMs,
});
export const PendingWorkers = pageOf(pending);
export const PendingQuery = z.strictObject(pageQuery);
export const PendingParams = z.object({ fingerprint });
export const Approval = z.strictObject({
  name: z.string().max(63).optional().describe("in place of the name it wants"),
  labels: labels.optional(),
});
