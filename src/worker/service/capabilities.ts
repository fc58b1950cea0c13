import { toolNames } from "#tools";
import type { WorkerConfiguration } from "../configuration/mod.ts";

/** What a worker says it can do when it registers: its work types, and the tools it opens. */
export function capabilitiesOf({ workTypes, tools }: Pick<WorkerConfiguration, "workTypes" | "tools">): string[] {
  const opened = "all" in tools ? toolNames : Object.keys(tools);
  return [...new Set([...workTypes.map(({ worktype }) => worktype), ...opened])];
}
