import { fileURLToPath } from "node:url";
import type { KnownTool } from "./known-tool.ts";
import type { ToolPolicy } from "./wire.ts";
import type { Capability } from "./tool.ts";

/** The tool program is a program of the build, also when the daemon runs from sources under test. */
const programPath = fileURLToPath(new URL("../../dist/program/tool.js", import.meta.url));

/** What the daemon tells the tool program, as its stdin: nobody else sees it, and nothing on disk can change it. */
export interface ToolOrder {
  readonly tool: string;
  /** The params as they were asked for, JSON. */
  readonly params: string;
  readonly policy: ToolPolicy;
  /** `host:port` of what the worker itself speaks with. */
  readonly own: readonly string[];
}

/** Longest order, bytes of UTF-8: it goes through a pipe in one piece, which takes 64 KiB. */
export const maxOrderBytes = 60_000;

/** The user that tools run as. */
export interface ToolUser {
  readonly uid: number;
  readonly gid: number;
  /** Whether the daemon may empty the bounding set of what it starts. */
  readonly dropsBounding: boolean;
}

/**
 * The command that becomes the tool program with the rights it needs and no other: capabilities that it was granted, as ambient
 * ones; no way to gain more; and, where the daemon is root, a user of its own and an empty bounding set (setpriv(1)).
 */
export function toolCommand(
  { needs, uses }: Pick<KnownTool, "needs" | "uses">,
  have: readonly Capability[],
  user: ToolUser | undefined,
): string[] {
  const granted = [...new Set([...needs, ...uses])].filter((one) => have.includes(one));
  const set = ["-all", ...granted.map((one) => `+${one}`)].join(",");
  const become = user ? ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups"] : [];
  const bounding = user?.dropsBounding ? ["--bounding-set", set] : [];
  const rights = [...become, ...bounding, "--no-new-privs", "--inh-caps", set, "--ambient-caps", set];
  return ["setpriv", ...rights, "--", process.execPath, programPath];
}

/** Variables a tool gets of the daemon's environment, which may hold secrets. */
export const toolEnvironment = ["PATH", "LANG", "TZ"] as const;
