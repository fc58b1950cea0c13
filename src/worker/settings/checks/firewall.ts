import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

const keys = new Set(["action", "fromnode", "tonode", "fromservice", "toservice"]);
const actions = new Set(["accept", "reject", "drop"]);

/** The shape of firewall rules. Source: Receptor specification §3.10. */
export function checkFirewall(directive: Directive, faults: Faults): void {
  if (directive.section !== "node") return;
  const rules = directive.values.firewallrules ?? [];
  for (const [index, rule] of rules.entries()) {
    const fault = ruleFault(rule);
    if (fault) faults.add(faultOf(directive, "firewallrules", `error in rule ${index + 1}: ${fault}`));
  }
}

function ruleFault(rule: Readonly<Record<string, unknown>>): string | undefined {
  let action: string | undefined;
  for (const [written, value] of Object.entries(rule)) {
    const key = written.toLowerCase();
    if (!keys.has(key)) return `invalid firewall rule. unknown key ${written}; keys are ${[...keys].join(", ")}`;
    if (typeof value !== "string") return `invalid firewall rule. ${written} must be a string`;
    if (key === "action") action = value;
    else if (!isPattern(value)) return `invalid firewall rule. ${written} is not a valid regular expression: ${value}`;
  }
  return action !== undefined && actions.has(action.toLowerCase()) ? undefined : `unknown action: ${action ?? ""}`;
}

/** A value that starts with a slash is `/regex/` in RE2's syntax; any other is compared as it is. */
function isPattern(value: string): boolean {
  if (!value.startsWith("/")) return true;
  if (value.length < 2 || !value.endsWith("/")) return false;
  // What RE2 writes differently is put in our words, only to see whether the rest is sound.
  const body = value
    .slice(1, -1)
    .replace(/\(\?[imsU-]+\)/g, "")
    .replace(/\(\?[imsU-]*:/g, "(?:")
    .replaceAll("(?P<", "(?<");
  try {
    new RegExp(body);
    return true;
  } catch {
    return false;
  }
}
