/**
 * The tools a worker has opened, and what they may do there: for pages and command lines that ask for a run.
 */
import { z } from "zod";
import type { Method } from "./method.ts";

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const texts = z.array(z.string().max(2_000)).max(1_000);

/** One tool: its name is that of its work type. */
const OpenedTool = z.strictObject({
  name: z.string().max(64),
  summary: z.string().max(255),
  targets: texts.describe("hosts it may look at: any, private, addresses, networks, names"),
  interfaces: texts.describe("interfaces that may be listened on; any is all"),
  filters: z.strictObject({
    allow: z.enum(["any", "named"]),
    named: z.record(z.string().max(64), z.string().max(2_000)).describe("each is asked for as @name"),
    required: z.string().max(2_000).optional().describe("and-ed in front of what is asked for"),
  }),
  budget: z.strictObject({
    seconds: count,
    packets: count,
    bytes: count,
    targets: count,
    ports: count,
    probesPerSecond: count,
  }),
  unusable: z.string().max(1_000).optional().describe("why it would be refused now, in words"),
});

/** Every tool that is opened. */
const OpenedTools = z.strictObject({
  tools: z.array(OpenedTool).max(64),
  hostInterfaces: z.array(z.string().max(64)).max(1_000).describe("network interfaces that the machine has"),
});
export type OpenedTools = z.infer<typeof OpenedTools>;

export const toolsDescribe: Method<Record<string, never>, OpenedTools> = {
  name: "tools.describe",
  params: z.strictObject({}),
  result: OpenedTools,
  level: "monitor",
  changes: false,
};
