import { z } from "zod";
import { count } from "../field-schema.ts";

const MeshNode = z.object({
  node: z.string(),
  kind: z
    .enum(["server", "worker", "node"])
    .describe("node: one that is no worker of this server, or that you may not see"),
  worker: z.object({ id: z.string(), name: z.string() }).optional(),
  stub: z.boolean().describe("it hangs off its hub and takes no part in routing"),
  nextHop: z
    .string()
    .nullable()
    .describe("over which neighbour the server reaches it; null: it is the server, or cannot be reached"),
});
const MeshLink = z.object({
  from: z.string(),
  to: z.string(),
  cost: z.number(),
  road: z.string().optional().describe("by which way, as the server sees it; of its own links"),
});
export const MeshMap = z.object({
  server: z.string().describe("node of this server"),
  nodes: z.array(MeshNode),
  links: z.array(MeshLink),
  hidden: count.describe("nodes that you may not see"),
});
