import { z } from "zod";
import { count, json, pageOf, pageQuery, queryCount, timeMs } from "../field-schema.ts";

export const AuditQuery = z.strictObject({ ...pageQuery, after: queryCount.optional().describe("number of a row") });
export const AuditRows = pageOf(
  z.object({
    sequence: count,
    at: timeMs,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: json,
    previous: z.string(),
    hash: z.string(),
  }),
);
export const Verdict = z.union([
  z.object({ ok: z.literal(true), rows: count, head: z.string() }),
  z.object({ ok: z.literal(false), sequence: count, fault: z.string(), meaning: z.string() }),
]);
