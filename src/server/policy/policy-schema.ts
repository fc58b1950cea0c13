import { z } from "zod";
import { recordingModes } from "../recording/rules.ts";
import { presets } from "./policy.ts";

const recording = z.enum(recordingModes).optional();
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
  "record.shell": recording,
  "record.tcp": recording,
  "record.keepDays": z.number().int().min(1).max(36_500).optional(),
  "record.maxMiB": z.number().int().min(1).max(1_000_000_000).optional(),
  "workers.max": z.union([z.number().int().min(0).max(1_000_000), entitled]).optional(),
});
