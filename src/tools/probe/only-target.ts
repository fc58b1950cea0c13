import { ToolError } from "../errors.ts";
import type { ResolvedTarget, ToolContext } from "../tool.ts";

/** The one target of a probe. @throws {ToolError} `TOOL_FAILED` when there is none, which its `wants` rules out. */
export function onlyTarget({ targets }: ToolContext): ResolvedTarget {
  const [target] = targets;
  if (!target) throw new ToolError("TOOL_FAILED", "there is no target");
  return target;
}
