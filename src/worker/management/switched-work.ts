import type { ControlCommand, JsonObject } from "#control";
import type { Units } from "#work";
import type { Switches } from "./switches.ts";

/** What a switch needs to know of the node. */
export interface SwitchedNode {
  readonly nodeId: string;
  readonly units: Pick<Units, "list">;
}

/**
 * The control command `work` under the switch `workers` (CAT-17): while that is off no new work for this node is taken.
 * What has been taken runs on, and can be followed, cancelled and released as ever; work for other nodes is theirs to take.
 */
export function switchedWork(command: ControlCommand, switches: Switches, node: SwitchedNode): ControlCommand {
  return {
    ...command,
    run: (request, session) => {
      if (isNewWork(request["work"], node)) switches.requireWork();
      return command.run(request, session);
    },
  };
}

function isNewWork(work: unknown, { nodeId, units }: SwitchedNode): boolean {
  const { kind, node, order } = (work ?? {}) as { kind?: unknown; node?: unknown; order?: JsonObject };
  const isHere = typeof node === "string" && (node === nodeId || node.toLowerCase() === "localhost");
  if (kind === "submit") return isHere;
  if (kind !== "order") return false;
  // An order may be given again, to find the unit that it has made.
  const unitId = order?.["unitId"];
  return typeof unitId !== "string" || Object.keys(units.list((unit) => unit.id === unitId)).length === 0;
}
