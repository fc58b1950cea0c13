import { z } from "zod";
import { hostText, portNumber } from "../params-schema.ts";

const count = z.number().int().min(1);

/** What is asked of a traceroute. */
export const TracerouteParams = z.strictObject({
  target: hostText.describe("address or name of where the path shall lead"),
  method: z.enum(["icmp", "udp", "tcp"]).optional().describe("what is sent; what this worker can do when left out"),
  port: portNumber.optional().describe("port of the target, for udp and tcp"),
  maxHops: count.max(64).default(30).describe("looks no further than that"),
  probes: count.max(100).default(3).describe("packets for each hop"),
  program: z.enum(["auto", "mtr", "traceroute"]).default("auto").describe("which program of the system looks"),
});
export type TracerouteParams = z.infer<typeof TracerouteParams>;
