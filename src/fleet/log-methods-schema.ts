/**
 * The last lines of a worker's log, for whoever begins to read it (spec CAT-108); `notice.log` tells the later ones.
 */
import { z } from "zod";
import type { Json } from "#core";
import type { Method } from "./method.ts";

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const LogLine = z.strictObject({
  n: count.describe("1 for the first line of this start of the service; `notice.log` has the same"),
  at: count.describe("milliseconds since 1970"),
  level: z.enum(["info", "warn", "error"]),
  message: z.string(),
  fields: z.record(z.string(), z.json() as z.ZodType<Json>).optional(),
});
export type LogLine = z.infer<typeof LogLine>;

const LogLines = z.strictObject({ lines: z.array(LogLine).max(1_000).describe("oldest first") });
export type LogLines = z.infer<typeof LogLines>;

export const logRecent: Method<Record<string, never>, LogLines> = {
  name: "log.recent",
  params: z.strictObject({}),
  result: LogLines,
  level: "monitor",
  changes: false,
};
