import { decodeRemoteData } from "../remote/remote-data.ts";
import { isRemote } from "../remote/remote-units.ts";
import type { WorkRequest } from "../requests.ts";
import type { Unit } from "../unit/unit.ts";
import type { Units } from "../units.ts";
import type { RuledCommand, WorkAttempt } from "./work-rules.ts";

/** An attempt without who makes it. */
export type RuledWork = Pick<WorkAttempt, "command" | "workType" | "toNode">;

/** No node can be called so: work of which nobody knows where it is, is on no node a rule names. */
const unknownNode = "?";

/**
 * What each way to touch a unit has to be allowed as; all of it, where it is several. `docs/tasks/allow-work.md` has the
 * same table.
 *
 * @throws {WorkError} `UNIT_NOT_FOUND`.
 */
export function attemptsOf(units: Units, nodeId: string, request: WorkRequest): RuledWork[] {
  const onUnit = (id: string, ...commands: RuledCommand[]) => {
    const work = workOf(units.get(id));
    return commands.map((command) => ({ command, ...work }));
  };
  switch (request.kind) {
    case "submit":
      return [
        { command: "submit", workType: request.workType, toNode: isOwnName(request.node, nodeId) ? "" : request.node },
      ];
    case "order":
      // The word to start comes over the same conversation, and a unit that is there already is of the same type.
      return [{ command: "submit", workType: request.order.workType, toNode: "" }];
    case "withdraw":
      return onUnit(request.unitId, "release");
    case "list":
      // Without a unit nothing is refused; what may not be listed is left out.
      return request.unitId ? onUnit(request.unitId, "list") : [];
    case "attach":
      return onUnit(request.unitId, "results", "status");
    case "status":
    case "cancel":
    case "release":
    case "force-release":
    case "results":
      return onUnit(request.unitId, request.kind);
  }
}

/** Type and place of a unit's work. Of a unit for another node it is the work over there that counts. */
export function workOf(unit: Unit): Pick<WorkAttempt, "workType" | "toNode"> {
  const { WorkType: workType, ExtraData } = unit.status;
  if (!isRemote(unit)) return { workType, toNode: "" };
  const data = decodeRemoteData(ExtraData);
  return data ? { workType: data.RemoteWorkType, toNode: data.RemoteNode } : { workType, toNode: unknownNode };
}

/** Does a request mean this node (spec §1.9)? */
export function isOwnName(node: string, nodeId: string): boolean {
  return node === nodeId || node.toLowerCase() === "localhost";
}
