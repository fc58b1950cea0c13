import { z } from "zod";
import { presets } from "./policy.ts";

const onOrOff = z.boolean().optional();

/** What a policy file says (CAT-96). */
export const PolicyDocument = z.strictObject({
  preset: z.enum(presets).default("open"),
  "remote.monitor": onOrOff,
  "remote.operate": onOrOff,
  "remote.configure": onOrOff,
  "cloud.config": onOrOff,
  "helpers.remote": onOrOff,
  "workers.max": z.number().int().min(0).max(1_000_000).optional(),
});
