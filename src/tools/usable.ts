import { ToolError } from "./errors.ts";
import { findProgram } from "./find-program.ts";
import type { KnownTool } from "./known-tool.ts";
import type { Capability } from "./tool.ts";

/** What this machine has for tools. */
export interface ToolGround {
  readonly capabilities: readonly Capability[];
  readonly find?: (program: string) => string | undefined;
}

/** Why a tool cannot run here now; undefined when it can. */
export function unusableReason(
  { name, needs, programs }: Pick<KnownTool, "name" | "needs" | "programs">,
  { capabilities, find = findProgram }: ToolGround,
): ToolError | undefined {
  const missing = needs.filter((one) => !capabilities.includes(one)).map((one) => `cap_${one}`);
  if (missing.length > 0) {
    const what = missing.join(" and ");
    return new ToolError("CAPABILITY_MISSING", `${name} needs ${what}, and this worker has not got it to give`);
  }
  const program = ["setpriv", ...programs].find((one) => find(one) === undefined);
  if (program === undefined) return undefined;
  return new ToolError("PROGRAM_MISSING", `${name} needs the program ${program}, which this machine has not got`);
}
