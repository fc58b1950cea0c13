import { MeshError, parseFirewallRules } from "#mesh";
import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

/** The shape of firewall rules. Source: Receptor specification §3.10. */
export function checkFirewall(directive: Directive, faults: Faults): void {
  if (directive.section !== "node") return;
  try {
    parseFirewallRules(directive.values.firewallrules ?? []);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    faults.add(faultOf(directive, "firewallrules", error.message));
  }
}
