import { z } from "zod";
import { json, labels, pageOf, pageQuery, timeMs } from "../field-schema.ts";

const enrolment = z.object({
  id: z.string(),
  name: z.string().nullable(),
  labels,
  cloneable: z.boolean(),
  mayReplace: z.boolean(),
  createdBy: z.string(),
  createdAt: timeMs,
  expiresAt: timeMs,
  usedAt: timeMs.nullable(),
  usedBy: z.string().nullable(),
  uses: z.number().int().describe("how often it has let a worker in"),
});
export const Enrolments = pageOf(enrolment);
export const EnrolmentQuery = z.strictObject(pageQuery);
export const EnrolmentParams = z.object({ id: z.string().min(1).max(64) });
export const EnrolmentWish = z.strictObject({
  name: z.string().max(63).optional().describe("the name to be given, or with one * a pattern"),
  labels: labels.optional(),
  lifeMs: timeMs.optional().describe("milliseconds, default one hour"),
  cloneable: z.boolean().optional(),
  mayReplace: z.boolean().optional(),
});
export const NewEnrolment = z.object({ enrolment, token: z.string().describe("shown this once") });
/** What a worker says when it registers; the entrance looks at it. */
export const WorkerWords = json;
