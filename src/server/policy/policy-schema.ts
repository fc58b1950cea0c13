import { z } from "zod";
import { presets } from "./policy.ts";

const entitled = z.literal("entitled");
const onOrOff = z.union([z.boolean(), entitled]).optional();

/** What a policy file says (CAT-96). */
export const PolicyDocument = z.strictObject({
  preset: z.enum(presets).default("open"),
  "remote.monitor": onOrOff,
  "remote.operate": onOrOff,
  "remote.configure": onOrOff,
  "cloud.config": onOrOff,
  "helpers.remote": onOrOff,
  "workers.max": z.union([z.number().int().min(0).max(1_000_000), entitled]).optional(),
});
