import {
  type Budget,
  checkRun,
  type Capability,
  findTool,
  type KnownTool,
  maxOrderBytes,
  giveableCapabilities,
  mayDropBounding,
  ownProcessStatus,
  toolCommand,
  toolEnvironment,
  ToolError,
  type ToolOrder,
  type ToolUser,
  unusableReason,
} from "#tools";
import { WorkError } from "../errors.ts";
import type { Launch, Minding } from "../helper/wire.ts";
import type { ToolSettings } from "../settings.ts";
import { type CommandUser, findUser } from "./user.ts";

/** Who tools run as where the daemon is root: the first that there is. */
const toolUsers = ["farhand-tools", "nobody"];

/** What a tool may need beyond its budget to end in order. */
const graceSeconds = 60;
const graceBytes = 1024 * 1024;

/** What a daemon can give to its tools. */
export interface ToolRights {
  readonly capabilities: readonly Capability[];
  /** Undefined where the daemon is not root: then they run as whoever it is. */
  readonly user: (name: string | undefined) => ToolUser | undefined;
}

/** The rights of this process. */
export const ownRights: ToolRights = {
  get capabilities() {
    return giveableCapabilities(ownProcessStatus());
  },
  user: (name) => (process.getuid?.() === 0 ? toolUser(name) : undefined),
};

/**
 * Hold the params of a request against the tool and its allow-lists, before a unit exists.
 *
 * @throws {ToolError} also `CAPABILITY_MISSING`, `PROGRAM_MISSING`: what could only fail is not begun.
 */
export function checkToolParams(type: ToolSettings, params: string, rights: ToolRights = ownRights): string {
  const tool = toolOf(type);
  checkRun(tool, params, type.policy);
  const reason = unusableReason(tool, rights);
  if (reason) throw reason;
  rights.user(type.user);
  return params;
}

/**
 * What the launcher must do to run a tool. The params are checked once more: they come from a file by now.
 *
 * @throws {ToolError} what {@link checkToolParams} throws.
 */
export function toolLaunch(type: ToolSettings, params: string, rights: ToolRights = ownRights): Launch {
  checkToolParams(type, params, rights);
  const order: ToolOrder = { tool: type.workType, params, policy: type.policy, own: type.own };
  const text = JSON.stringify(order);
  if (Buffer.byteLength(text) > maxOrderBytes) {
    throw new ToolError("TOOL_PARAMS_INVALID", `params of ${type.workType} and its allow-lists are too long together`);
  }
  return {
    argv: toolCommand(toolOf(type), rights.capabilities, rights.user(type.user)),
    output: "stdout",
    cwd: "/",
    envAllow: toolEnvironment,
    order: text,
  };
}

/** A tool keeps to its budget by itself. Should it not, it is ended soon after, as anything else would be. */
export function toolBounds({ seconds, bytes }: Budget): Pick<Minding, "maxRunMs" | "maxOutputBytes"> {
  return { maxRunMs: (seconds + graceSeconds) * 1_000, maxOutputBytes: bytes + graceBytes };
}

/** Why a tool would be refused now; undefined when it would not. */
export function toolTrouble(type: ToolSettings, rights: ToolRights = ownRights): string | undefined {
  try {
    rights.user(type.user);
    return unusableReason(toolOf(type), rights)?.message;
  } catch (error) {
    return (error as Error).message;
  }
}

function toolOf({ workType }: ToolSettings): KnownTool {
  const tool = findTool(workType);
  if (!tool) throw new WorkError("WORK_TYPE_UNKNOWN", `there is no tool ${workType}`);
  return tool;
}

/** @throws {WorkError} `START_FAILED` for root and for users that there are not. */
function toolUser(name: string | undefined): ToolUser {
  const user = name === undefined ? firstUser() : findUser(name);
  if (user.uid === 0) throw new WorkError("START_FAILED", "a tool never runs as root: name another user for it");
  return { uid: user.uid, gid: user.gid, dropsBounding: mayDropBounding(ownProcessStatus()) };
}

function firstUser(): CommandUser {
  for (const name of toolUsers) {
    try {
      return findUser(name);
    } catch {
      // The next one.
    }
  }
  throw new WorkError("START_FAILED", `tools need a user of their own: add one called ${toolUsers[0]}`);
}
