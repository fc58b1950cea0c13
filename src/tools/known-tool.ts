import { type ParamsSchema, readParams } from "./params-schema.ts";
import type { Capability, Tool, ToolContext, Wanted } from "./tool.ts";
import type { Budget, ToolName } from "./wire.ts";

/** A tool whose params are its own affair: what the framework needs of any. */
export interface KnownTool {
  readonly name: ToolName;
  readonly summary: string;
  readonly params: ParamsSchema<unknown>;
  readonly needs: readonly Capability[];
  readonly uses: readonly Capability[];
  readonly programs: readonly string[];
  /** @throws {ToolError} `TOOL_PARAMS_INVALID`. */
  read(text: string): ReadRun;
}

/** A run as its params say it. */
export interface ReadRun {
  readonly wants: readonly Wanted[];
  readonly asks: Partial<Budget>;
  run(context: ToolContext): Promise<number>;
}

/** A tool for the list of all tools. */
export function knownTool<Params>(tool: Tool<Params>): KnownTool {
  const { name, summary, params, needs, uses, programs = [] } = tool;
  return {
    ...{ name, summary, params, needs, uses, programs },
    read: (text) => {
      const read = readParams(params, name, text);
      return { wants: tool.wants(read), asks: tool.asks(read), run: (context) => tool.run(read, context) };
    },
  };
}
