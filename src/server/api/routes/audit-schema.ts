import { z } from "zod";
import { count, json, pageOf, pageQuery, queryCount, timeMs } from "../field-schema.ts";

export const AuditQuery = z.strictObject({
  ...pageQuery,
  order: z.enum(["oldest", "newest"]).default("oldest").describe("which rows come first"),
  after: queryCount.optional().describe("number of a row: those behind it, the oldest first"),
  before: queryCount.optional().describe("number of a row: those before it, the newest first"),
  who: z.string().min(1).max(256).optional().describe("name or id of a user or a worker that did it, or server"),
  act: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}(\.[a-z0-9-]{1,64}){0,4}(\.\*)?$/, "write user.make, or user.* for all of them")
    .optional()
    .describe("what was done: user.make, or user.* for all that begins so"),
  worker: z.string().min(1).max(256).optional().describe("name or id of a worker that it was done to, or that did it"),
  from: queryCount.optional().describe("at this time or later, milliseconds since 1970"),
  to: queryCount.optional().describe("at this time or earlier"),
});
/** Which part of the audit. */
export type AuditPlace = Pick<z.infer<typeof AuditQuery>, "order" | "cursor" | "after" | "before">;
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
