import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

/** Names of work types are unique, and `remote` is the daemon's own. Source: Receptor specification §2.3. */
export function checkWorkTypes(directives: readonly Directive[], faults: Faults): void {
  const seen = new Set(["remote"]);
  for (const directive of directives) {
    if (!("worktype" in directive.values)) continue;
    const { worktype } = directive.values;
    if (worktype === "") faults.add(faultOf(directive, "worktype", "a work type must have a name"));
    else if (seen.has(worktype)) {
      const hint = worktype === "remote" ? "that name belongs to work on other nodes; use another" : undefined;
      faults.add(faultOf(directive, "worktype", `work type ${worktype} already registered`, hint));
    }
    seen.add(worktype);
  }
}
