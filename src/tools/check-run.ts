import { parseNetwork } from "./address.ts";
import { grantedBudget } from "./budget.ts";
import { allowedFilter } from "./filter.ts";
import { allowedInterface } from "./interface.ts";
import type { KnownTool, ReadRun } from "./known-tool.ts";
import { checkTarget, tooMany } from "./resolve-target.ts";
import { TargetList } from "./target-list.ts";
import type { Wanted } from "./tool.ts";
import type { Budget, ToolPolicy } from "./wire.ts";

/** A run that the allow-lists let through, but for the names of its targets, which are not resolved yet. */
export interface CheckedRun extends ReadRun {
  readonly budget: Budget;
  readonly hosts: readonly string[];
  /** The one to use; empty when none was wanted. */
  readonly filter: string;
  readonly interface: string;
}

/**
 * Hold params against a tool's schema and a worker's allow-lists. The daemon does it before there is a unit, and the tool program
 * again before it acts, with the policy that the daemon gave it. Pure.
 *
 * @throws {ToolError} `TOOL_PARAMS_INVALID`, `TARGET_REFUSED`, `FILTER_REFUSED`, `INTERFACE_REFUSED`, `BUDGET_EXCEEDED`.
 */
export function checkRun(tool: KnownTool, params: string, policy: ToolPolicy): CheckedRun {
  const read = tool.read(params);
  const hosts = read.wants.flatMap((want) => (want.kind === "target" ? want.host : []));
  const list = new TargetList(policy.targets);
  for (const host of hosts) checkTarget(host, list);
  checkCount(hosts, policy.budget.targets);
  return {
    ...read,
    hosts,
    budget: grantedBudget(read.asks, policy.budget),
    filter: filterOf(read.wants, policy),
    interface: interfaceOf(read.wants, policy),
  };
}

/** Networks are looked at by their size alone: none is written out before it is known to be small enough. */
function checkCount(hosts: readonly string[], most: number): void {
  const sizes = hosts.map((host) => parseNetwork(host)?.size ?? 1n);
  const count = sizes.reduce((sum, size) => sum + size, 0n);
  if (count > BigInt(most)) throw tooMany(hosts.length === 1 ? (hosts[0] ?? "") : "the list of targets", count, most);
}

function filterOf(wants: readonly Wanted[], { filters }: ToolPolicy): string {
  const want = wants.find(({ kind }) => kind === "filter");
  return want?.kind === "filter" ? allowedFilter(want.text, filters) : "";
}

function interfaceOf(wants: readonly Wanted[], { interfaces }: ToolPolicy): string {
  const want = wants.find(({ kind }) => kind === "interface");
  return want?.kind === "interface" ? allowedInterface(want.name, interfaces) : "";
}
