import { z } from "zod";
import { timeMs } from "../field-schema.ts";

export const TraceParams = z.object({ id: z.string().min(1).max(64), session: z.string().min(1).max(64) });
export const TraceOn = z.object({ until: timeMs });
export const Trace = z.object({
  until: timeMs,
  lines: z.array(
    z.object({
      at: timeMs,
      step: z.number().int().describe("1 the worker's secret, 2 login, 3 connection, 4 call, 5 server, 6 worker"),
      point: z.string(),
      verdict: z.enum(["passed", "refused"]),
      code: z.string().optional(),
      about: z.string().optional().describe("route or method"),
    }),
  ),
});
