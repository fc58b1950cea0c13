import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Capability, defaultBudget, findTool, toolCommand, type ToolOrder, type ToolPolicy } from "#tools";
import type { Host } from "../../kit/namespaces.ts";

/** A run of a tool: its lines, how it ended, and what it said to people. */
export interface ToolRun {
  readonly lines: readonly Record<string, unknown>[];
  readonly code: number | null;
  readonly log: string;
}

/** Nobody special: whoever runs the tests is root, and tools must do without. */
const nobody = { uid: 65_534, gid: 65_534, dropsBounding: true };

const anywhere: ToolPolicy = {
  targets: ["any"],
  interfaces: ["any"],
  filters: { allow: "any", named: {} },
  budget: defaultBudget,
};

/** What a worker gives a tool. */
export interface ToolRights {
  readonly have?: readonly Capability[];
  readonly targets?: readonly string[];
}

/** Run a tool on a host as a worker would: by the built program, as a user without rights but those it is given. */
export async function runToolOn(host: Host, tool: string, params: object, rights: ToolRights = {}): Promise<ToolRun> {
  const { have = ["net_raw"], targets = ["any"] } = rights;
  const known = findTool(tool);
  if (!known) throw new Error(`no tool ${tool}`);
  const order: ToolOrder = { tool, params: JSON.stringify(params), policy: { ...anywhere, targets }, own: [] };
  const [command = "", ...args] = [...host.words, ...toolCommand(known, have, nobody)];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  let [out, log] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  child.stdin.end(JSON.stringify(order));
  const [code] = (await once(child, "close")) as [number | null];
  const lines = out.split("\n").filter((line) => line !== "");
  return { lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), code, log };
}
