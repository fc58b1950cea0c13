import type { ControlCommand } from "#control";
import { errorText, type Log } from "#core";
import { type Directive, notReady, planReload, readSettingsFile } from "./settings/mod.ts";

/**
 * The control command `reload` (spec §5.7). Only mesh connections can change, and of those only what differs: the others
 * stay up.
 *
 * @param apply makes the mesh connections those of the sections; when it throws, what it could not do is left out.
 */
export function reloadCommand(
  atStart: readonly Directive[],
  files: readonly string[],
  apply: (now: readonly Directive[]) => Promise<void>,
  log: Log,
): ControlCommand {
  return {
    name: "reload",
    parseText: () => ({}),
    parseJson: () => ({}),
    run: async () => {
      const error = await reload(atStart, files, apply);
      log.info(error === undefined ? "configuration reloaded" : `configuration not reloaded: ${error}`);
      return error === undefined ? { Success: true } : { Success: false, Error: error };
    },
  };
}

async function reload(
  atStart: readonly Directive[],
  files: readonly string[],
  apply: (now: readonly Directive[]) => Promise<void>,
): Promise<string | undefined> {
  const plan = planReload(atStart, files, readSettingsFile);
  if (!plan.ok) return plan.error;
  const lines = notReady(plan.directives);
  if (lines.length > 0) return `${lines.join("; ")} ERRORCODE 4`;
  try {
    await apply(plan.directives);
    return undefined;
  } catch (error) {
    return `${errorText(error).replaceAll("\n", "; ")} ERRORCODE 4`;
  }
}
