import type { ControlSession } from "#control";
import { WorkError } from "../errors.ts";
import type { Unit } from "../unit/unit.ts";
import { type RuledWork, workOf } from "./attempts.ts";
import type { WorkRules } from "./work-rules.ts";

/** Who asks. */
export type Asker = Pick<ControlSession, "remote" | "remoteNode">;

const longestName = 200;
/** No node can be called so, and a session over the mesh is never one without a node. */
const namelessNode = "?";

/** @throws {WorkError} `WORK_REFUSED`. */
export function permit(rules: WorkRules, asker: Asker, ruled: RuledWork): void {
  if (!isPermitted(rules, asker, ruled)) throw refusal(asker, ruled);
}

/** The units that may be listed. Units of one type are judged once, for there may be thousands. */
export function listable(rules: WorkRules, asker: Asker): (unit: Unit) => boolean {
  const known = new Map<string, boolean>();
  return (unit) => {
    if (rules.isEmpty) return true;
    const work = workOf(unit);
    const key = JSON.stringify([work.workType, work.toNode]);
    const verdict = known.get(key) ?? isPermitted(rules, asker, { command: "list", ...work });
    known.set(key, verdict);
    return verdict;
  };
}

function isPermitted(rules: WorkRules, { remote, remoteNode }: Asker, ruled: RuledWork): boolean {
  const fromNode = remote === "mesh" ? remoteNode || namelessNode : "";
  return rules.allow({ ...ruled, from: remote, fromNode });
}

/** Clients look for these words; see `knownRefusals` of the client. */
function refusal({ remote, remoteNode }: Asker, { command, workType, toNode }: RuledWork): WorkError {
  const who = remote === "mesh" ? `from node ${remoteNode || namelessNode}` : `over ${remote}`;
  const where = toNode === "" ? "" : ` for node ${clipped(toNode)}`;
  const what =
    command === "connect" ? `connect${where.replace("for", "to")}` : `work of type ${clipped(workType)}${where}`;
  return new WorkError("WORK_REFUSED", `${what} is not allowed ${who}`);
}

function clipped(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name;
}
