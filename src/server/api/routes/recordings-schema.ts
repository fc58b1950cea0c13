import { z } from "zod";
import { count, pageOf, pageQuery, queryFlag, timeMs } from "../field-schema.ts";

const named = z.object({ id: z.string(), name: z.string() });

export const RecordingParams = z.object({ id: z.string().max(64) });
export const RecordingsQuery = z.strictObject({
  ...pageQuery,
  live: queryFlag.optional().describe("only those that go on"),
});
export const ContentQuery = z.strictObject({ follow: queryFlag.optional().describe("until it is over") });
export const RecordingView = z.object({
  id: z.string(),
  kind: z.enum(["shell", "tcp"]),
  state: z.enum(["live", "whole", "brokenOff", "unreadable"]),
  mode: z.enum(["strict", "bestEffort"]),
  worker: named,
  user: named,
  service: z.string().optional(),
  source: z.string(),
  startedAt: timeMs,
  durationMs: count.optional(),
  size: count.describe("bytes of its file"),
  why: z.string().optional().describe("how it ended"),
});
export const RecordingsPage = pageOf(RecordingView);
