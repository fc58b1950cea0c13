import { permit, WorkError, type WorkRules } from "#work";
import type { MayConnect } from "./connect-command.ts";
import { type Directive, directivesOf } from "./settings/mod.ts";

/**
 * Who may `connect` where. Whoever is connected asks the far end in this node's name, so rules about work would be worth
 * nothing without this. Back to a control service of this node nobody is connected as soon as there are rules: it would be
 * this node then that asks, and no longer whoever it was.
 */
export function connectRules(rules: WorkRules, nodeId: string, directives: readonly Directive[]): MayConnect {
  const ownControl = new Set(directivesOf(directives, "control-service").map(({ values }) => values.service));
  return (session, node, service) => {
    if (rules.isEmpty) return;
    const isHere = node === nodeId || node.toLowerCase() === "localhost";
    permit(rules, session, { command: "connect", workType: "", toNode: isHere ? "" : node });
    if (!isHere || !ownControl.has(service)) return;
    throw new WorkError(
      "WORK_REFUSED",
      `connect to the control service of this node is not allowed over ${session.remote}`,
    );
  };
}
