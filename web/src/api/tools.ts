import type { UnitTaken } from "#server/wire";
import type { ToolName, ToolPolicy } from "#tools/wire";
import { connectionHandle } from "./connection.ts";
import { word } from "./place.ts";
import { request } from "./request.ts";
import { submitUnit } from "./units.ts";

/** A tool that a worker has opened, and what may be done with it there. */
export interface OpenedTool extends ToolPolicy {
  readonly name: string;
  /** Why it would be refused now, in words. */
  readonly unusable?: string;
}

/** What `tools.describe` of a worker says. */
export interface OpenedTools {
  readonly tools: readonly OpenedTool[];
  /** Network interfaces of its machine. */
  readonly hostInterfaces: readonly string[];
}

/** Ask a worker what it lets be done with its tools. @throws {ProblemError} when it cannot be asked. */
export async function readTools(worker: string, signal: AbortSignal): Promise<OpenedTools> {
  const headers = { "x-connection": await connectionHandle() };
  const body = { method: "tools.describe", params: {} };
  const answer = await request<{ result: OpenedTools }>("POST", `workers/${word(worker)}/rpc`, {
    ...{ body, headers, signal },
  });
  return answer.result;
}

/** Start a tool. @param key as of {@link submitUnit}. */
export const startTool = (worker: string, tool: ToolName, params: object, key: string): Promise<UnitTaken> =>
  submitUnit(worker, { workType: tool, params: { params: JSON.stringify(params) }, payload: "" }, key);
