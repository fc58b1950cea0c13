import { z } from "zod";

const count = z.number().int().min(1);

/** What is asked of a capture. */
export const CaptureParams = z.strictObject({
  filter: z
    .string()
    .max(2_000)
    .default("")
    .describe("pcap filter, or @NAME of one the worker has; all packets when empty"),
  interface: z.string().max(15).default("").describe("network interface; all that may be when empty"),
  snapLength: count.max(262_144).default(262_144).describe("bytes kept of each packet"),
  seconds: count.max(86_400).optional().describe("ends after so long"),
  packets: count.max(1_000_000_000).optional().describe("ends after so many"),
  bytes: count.min(24).max(1e12).optional().describe("ends before the pcap is longer than that"),
  promiscuous: z.boolean().default(false).describe("also packets for other machines, where the network brings them"),
  excludeOwn: z.boolean().default(true).describe("leave out what the worker and its server say to each other"),
});
export type CaptureParams = z.infer<typeof CaptureParams>;
