import { z } from "zod";
import { hostText } from "../params-schema.ts";
import { portsOf } from "./ports.ts";

/** What is asked of a port scan. */
export const PortscanParams = z.strictObject({
  targets: z.array(hostText).min(1).max(64).describe("addresses, networks such as 10.0.0.0/28, names"),
  ports: z
    .string()
    .max(2_000)
    .default("1-1024")
    .refine((text) => portsOf(text) !== undefined, "must be ports such as 22,80,8000-8100")
    .describe("TCP ports: 22,80,8000-8100"),
  services: z
    .boolean()
    .default(false)
    .describe("find out what answers on open ports; nmap knows many, otherwise its first line"),
  os: z.boolean().default(false).describe("guess the operating system; needs nmap and raw sockets"),
  assumeUp: z.boolean().default(false).describe("look at hosts that do not seem to be there too"),
  timeoutMs: z
    .number()
    .int()
    .min(50)
    .max(60_000)
    .default(1_500)
    .describe("what does not answer for so long is filtered"),
  program: z.enum(["auto", "nmap", "connect"]).default("auto").describe("nmap, or connections of our own"),
});
export type PortscanParams = z.infer<typeof PortscanParams>;
