import { z } from "zod";
import { count, json, queryCount, queryFlag } from "../field-schema.ts";
import { WorkerParams } from "./workers-schema.ts";

const unitId = z.string().regex(/^[0-9A-Za-z]{1,64}$/);

export const UnitParams = WorkerParams.extend({ unit: unitId });
export const UnitWish = z
  .strictObject({
    workType: z.string().min(1).max(1_000),
    params: z.record(z.string().max(255), z.string().max(131_072)).optional().describe("as the work type wants them"),
    unit: z
      .string()
      .regex(/^[0-9A-Za-z]{8,64}$/, "8 to 64 letters and digits")
      .optional()
      .describe("id of your own choice: asked for again, it is refused and not made twice"),
    payload: z.string().optional().describe("text; larger payloads come as a form's file"),
  })
  .describe("as JSON, or as the field `request` of a form with the file `payload` behind it");
/** The payload is whole over there. */
export const UnitTaken = z.object({ unit: unitId, state: z.enum(["started", "queued"]) });
export const UnitsQuery = z.strictObject({
  state: z.enum(["pending", "running", "succeeded", "failed", "canceled"]).optional(),
  workType: z.string().max(1_000).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(100).optional(),
});
/** What the worker's methods give; they are checked by the methods' own schemas. */
export const Unit = json;
export const Units = z.object({ items: z.array(json), next: z.string().optional() });
export const ProgressToken = z.object({
  channel: z.string(),
  token: z.string(),
  expiresAt: z.number().describe("until then the token opens the channel, milliseconds since 1970"),
});
export const ReleaseQuery = z.strictObject({ force: queryFlag.optional() });
export const OutputQuery = z.strictObject({ from: queryCount.optional(), follow: queryFlag.optional() });
/** What a worker says before the bytes of an output. */
export const OutputHead = z.object({ state: json.optional(), size: count });
