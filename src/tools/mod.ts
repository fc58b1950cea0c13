/**
 * Tools that look at networks: captures, scans, paths and probes.
 *
 * A tool is a work type, and a run of it is a unit (docs/decisions/0017-network-tools-are-units.md). Each lies in a folder of its
 * own: what its params are, what it starts, how it reads what that says. What all share is here: allow-lists, budgets, the
 * program that runs one of them.
 */
export { allTools, findTool } from "./all-tools.ts";
export { defaultBudget } from "./budget.ts";
export { giveableCapabilities, mayDropBounding, ownProcessStatus } from "./capabilities.ts";
export { checkRun } from "./check-run.ts";
export { ToolError, toolErrors, type ToolErrorCode } from "./errors.ts";
export {
  decodePacket,
  type HexLine,
  hexDump,
  type Packet,
  type PcapPacket,
  PcapPackets,
  type PacketFilter,
  readPacketFilter,
  type RecordOf,
} from "./packet/wire.ts";
export { hostText, type ParamsSchema, portNumber } from "./params-schema.ts";
export type { KnownTool } from "./known-tool.ts";
export { maxOrderBytes, toolCommand, toolEnvironment, type ToolOrder, type ToolUser } from "./tool-command.ts";
export { type PolicyFault, policyFaults } from "./policy-faults.ts";
export { unusableReason } from "./usable.ts";
export type {
  Capability,
  ChildEnd,
  ChildOptions,
  ResolvedTarget,
  Tool,
  ToolChild,
  ToolContext,
  Wanted,
} from "./tool.ts";
export {
  type Budget,
  type FilterPolicy,
  isToolName,
  toolExits,
  type ToolName,
  toolNames,
  type ToolPolicy,
} from "./wire.ts";
