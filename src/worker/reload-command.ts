import type { ControlCommand } from "#control";
import type { Log } from "#core";
import { type Directive, planReload, readSettingsFile } from "./settings/mod.ts";

/**
 * The control command `reload` (spec §5.7). A worker without a mesh has no section that could be reloaded in place: an
 * unchanged or merely reordered file succeeds, anything else says what needs a restart.
 */
export function reloadCommand(atStart: readonly Directive[], files: readonly string[], log: Log): ControlCommand {
  return {
    name: "reload",
    parseText: () => ({}),
    parseJson: () => ({}),
    run: async () => {
      const plan = planReload(atStart, files, readSettingsFile);
      log.info(plan.ok ? "configuration reloaded" : `configuration not reloaded: ${plan.error}`);
      return plan.ok ? { Success: true } : { Success: false, Error: plan.error };
    },
  };
}
