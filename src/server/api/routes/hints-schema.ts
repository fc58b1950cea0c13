import { z } from "zod";
import { connectWays } from "#fleet";

export const HintsQuery = z.strictObject({
  way: z.enum(connectWays).default("server").describe("how somebody wants to reach it"),
});
const hint = z.object({
  question: z.string(),
  state: z.enum(["fine", "trouble", "unknown", "unneeded"]),
  says: z.string(),
  cure: z.string().optional(),
  who: z.string().optional().describe("who can change it"),
});
const finding = z.object({
  check: z.string(),
  kind: z.enum(["ok", "warning", "fail"]),
  says: z.string(),
  cure: z.string().optional(),
});
export const Hints = z.object({
  way: z.enum(connectWays),
  hints: z.array(hint),
  first: z.string().optional().describe("the question to look at first; absent: nothing is in trouble"),
  findings: z.array(finding).optional().describe("what the worker's own doctor says; absent: it could not be asked"),
});
