import { remedyThroughServer } from "#core";
import { type ToolErrorCode, toolErrors } from "#tools";
import type { Terminal } from "../terminal.ts";
import { ServerProblem } from "./problem.ts";

/**
 * The exit code for a run of a tool that a worker refused before there was a unit: that of the tool's program when it refuses the
 * same. Undefined for any other error.
 */
export function exitOfRefusal(error: unknown): number | undefined {
  const isOfTool = error instanceof ServerProblem && Object.hasOwn(toolErrors, error.code);
  return isOfTool ? toolErrors[error.code as ToolErrorCode].exit : undefined;
}

/** What to try after these endings, each once however many workers said the same. */
export function tellRemedies(endings: readonly { readonly code?: string }[], terminal: Pick<Terminal, "say">): void {
  const found = endings.map(({ code }) => (code === undefined ? undefined : remedyThroughServer(code)));
  for (const remedy of new Set(found)) if (remedy !== undefined) terminal.say(`try: ${remedy}`);
}
