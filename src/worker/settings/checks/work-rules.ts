import { parseWorkRules, WorkError } from "#work";
import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

/** The shape of rules about work. */
export function checkWorkRules(directive: Directive, faults: Faults): void {
  if (directive.section !== "node") return;
  try {
    parseWorkRules(directive.values.workrules ?? []);
  } catch (error) {
    if (!(error instanceof WorkError)) throw error;
    faults.add(faultOf(directive, "workrules", error.message));
  }
}
