import { capture } from "./capture/capture.ts";
import { type KnownTool, knownTool } from "./known-tool.ts";
import { portscan } from "./portscan/portscan.ts";
import { dns } from "./probe/dns.ts";
import { http } from "./probe/http.ts";
import { ping } from "./probe/ping.ts";
import { tcp } from "./probe/tcp.ts";
import { tls } from "./probe/tls.ts";
import { traceroute } from "./traceroute/traceroute.ts";

/** Every tool there is. */
export const allTools: readonly KnownTool[] = [
  ...[knownTool(capture), knownTool(portscan), knownTool(traceroute)],
  ...[knownTool(ping), knownTool(dns), knownTool(tcp), knownTool(tls), knownTool(http)],
];

/** The tool of this name, or undefined. */
export function findTool(name: string): KnownTool | undefined {
  return allTools.find((tool) => tool.name === name);
}
