import { type ToolErrorCode, toolErrors } from "#tools";
import { ServerProblem } from "./problem.ts";

/**
 * The exit code for a run of a tool that a worker refused before there was a unit: that of the tool's program when it refuses the
 * same. Undefined for any other error.
 */
export function exitOfRefusal(error: unknown): number | undefined {
  const isOfTool = error instanceof ServerProblem && Object.hasOwn(toolErrors, error.code);
  return isOfTool ? toolErrors[error.code as ToolErrorCode].exit : undefined;
}
