/**
 * What of the tools others read and write: their names, what they may be allowed, what a worker says it offers. No I/O.
 *
 * The result of a tool is its unit's stdout: pcap of `capture`; of the rest a JSON object a line, the last of them with
 * `"type": "summary"`.
 */

/** The built-in tools. Each is a work type of this name where a worker offers it. */
export const toolNames = ["capture", "portscan", "traceroute", "ping", "dns", "tcp", "tls", "http"] as const;
export type ToolName = (typeof toolNames)[number];

/** Those whose last line has a verdict. */
export const probeKinds = ["ping", "dns", "tcp", "tls", "http"] as const satisfies readonly ToolName[];
export type ProbeKind = (typeof probeKinds)[number];

/** Whether a work type's name is that of a tool. A worker may have a command of that name all the same. */
export function isToolName(name: string): name is ToolName {
  return (toolNames as readonly string[]).includes(name);
}

/** What a run may use. A tool looks only at what means something to it. */
export interface Budget {
  readonly seconds: number;
  readonly packets: number;
  readonly bytes: number;
  /** Addresses, after names and networks were resolved. */
  readonly targets: number;
  /** Ports of each target. */
  readonly ports: number;
  readonly probesPerSecond: number;
}

/** What a worker lets be done with its tools. */
export interface ToolPolicy {
  /** `any`, `private`, addresses, networks in CIDR, host names, and `*.example.org` for all names under one. */
  readonly targets: readonly string[];
  /** Names of network interfaces, or `any` for all there are. */
  readonly interfaces: readonly string[];
  readonly filters: FilterPolicy;
  readonly budget: Budget;
}

/** Which packets may be seen. */
export interface FilterPolicy {
  /** `any`, or only the {@link FilterPolicy.named} ones. */
  readonly allow: "any" | "named";
  /** Filters that can be asked for as `@name`. */
  readonly named: Readonly<Record<string, string>>;
  /** And-ed in front of whatever is asked: `(required) and (asked)`. */
  readonly required?: string;
}

/** Exit codes of the tool program, besides those of `toolErrors`. */
export const toolExits = {
  /** It ran to its end, or to the end of a budget. */
  done: 0,
  /** It ran to its end, and what it looked for is not there: no answer, a closed port, a certificate that does not hold. */
  negative: 1,
} as const;

export {
  decodePacket,
  type Field,
  hexDump,
  type HexLine,
  type Layer,
  linkTypeName,
  looksLikeFilter,
  type Packet,
  type PacketFilter,
  type PacketSummary,
  type PcapFault,
  type PcapHeader,
  PcapIndex,
  type PcapPacket,
  PcapPackets,
  type PcapRecord,
  readPacketFilter,
  type RecordOf,
} from "./packet/wire.ts";
export type { HostLine, PortLine, PortState, ProgressLine, ScanLine, ScanSummaryLine } from "./portscan/result.ts";
export { type ProbeWord, type QuorumVerdict, quorumVerdict } from "./probe/quorum.ts";
export type { ProbeLine, ProbeSummaryLine, Verdict } from "./probe/result.ts";
export type {
  DrawnPathLine,
  DrawnSummaryLine,
  HopLine,
  PathLine,
  TraceLine,
  TraceMethod,
  TraceSummaryLine,
} from "./traceroute/result.ts";
