import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

const shortestIdleMs = 21_000;

/** The node's id and its time limit. Source: Receptor specification §5.4. */
export function checkNode(directive: Directive, faults: Faults): void {
  if (directive.section !== "node") return;
  const { id, maxidleconnectiontimeout: idle } = directive.values;
  const fault = id === undefined ? undefined : nodeIdFault(id);
  if (fault) faults.add(faultOf(directive, "id", fault));
  if (idle !== undefined && idle < shortestIdleMs) {
    const ns = Math.round(idle * 1e6);
    const message = `user defined maxIdleConnectionTimeout [${ns}] is less than the default default timeout [21000000000]`;
    faults.add(faultOf(directive, "maxidleconnectiontimeout", message, "use at least 21s"));
  }
}

/** Why a node may not be called so. The id names a folder and stands in the first line of every control session. */
export function nodeIdFault(id: string): string | undefined {
  if (id.toLowerCase() === "localhost") return `node ID "localhost" is reserved`;
  if (id === "." || id === ".." || /[/\p{C}\u2028\u2029]/u.test(id) || id.length > 255) {
    return `node ID ${JSON.stringify(id)} cannot name a folder`;
  }
  return undefined;
}
