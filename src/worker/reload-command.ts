import type { ControlCommand } from "#control";
import type { Log } from "#core";
import { type Directive, notReady, planReload, readSettingsFile } from "./settings/mod.ts";

/**
 * The control command `reload` (spec §5.7). A worker without a mesh has no section that could be reloaded in place: an
 * unchanged or merely reordered file succeeds, anything else says what needs a restart or a later version.
 */
export function reloadCommand(atStart: readonly Directive[], files: readonly string[], log: Log): ControlCommand {
  return {
    name: "reload",
    parseText: () => ({}),
    parseJson: () => ({}),
    run: async () => {
      const plan = planReload(atStart, files, readSettingsFile);
      const error = plan.ok ? refusal(plan.directives) : plan.error;
      log.info(error === undefined ? "configuration reloaded" : `configuration not reloaded: ${error}`);
      return error === undefined ? { Success: true } : { Success: false, Error: error };
    },
  };
}

/** Sections that may come with a reload, but need what this version cannot do. */
function refusal(directives: readonly Directive[]): string | undefined {
  const lines = notReady(directives);
  return lines.length === 0 ? undefined : `${lines.join("; ")} ERRORCODE 4`;
}
