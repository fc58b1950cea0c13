import type { Launch, Minding } from "../helper/wire.ts";
import type { CommandSettings, PythonSettings, ToolSettings, WorkTypeSettings } from "../settings.ts";
import { WorkError } from "../errors.ts";
import { mergeParams, splitParams } from "./params.ts";
import { checkToolParams, toolBounds, toolLaunch } from "./tool.ts";
import { findUser } from "./user.ts";

/** Work that the daemon has started itself. */
export type LaunchedType = CommandSettings | PythonSettings | ToolSettings;

/** Receptor's own wait between SIGINT and SIGKILL (spec §2.4). */
export const defaultGraceMs = 10_000;

/**
 * Check the params of a request against its type, before a unit exists.
 *
 * @param request the request's own keys; only `params` means something (spec §2.4).
 * @returns the effective params, as they stand in `ExtraData`.
 * @throws {WorkError} `PARAMS_REFUSED`, also for params that cannot be split.
 * @throws {ToolError} what a tool cannot or may not do.
 */
export function effectiveParams(type: WorkTypeSettings, request: Readonly<Record<string, string>>): string {
  const atRunTime = request["params"] ?? "";
  if (type.kind === "python") return atRunTime;
  if (type.kind === "tool") return checkToolParams(type, atRunTime);
  const params = mergeParams(type.params, atRunTime, type.allowRuntimeParams);
  splitParams(params);
  return params;
}

/**
 * What the launcher must do to run a unit of this type.
 *
 * @throws {WorkError} `PARAMS_REFUSED` for params that cannot be split, `START_FAILED` for an unknown user.
 * @throws {ToolError} see {@link toolLaunch}.
 */
export function launchOf(type: LaunchedType, params: string, unitDir: string): Launch {
  if (type.kind === "tool") return toolLaunch(type, params);
  const argv = type.kind === "command" ? [type.command, ...splitParams(params)] : pythonArgv(type, params, unitDir);
  if (argv.some((word) => word.includes("\0"))) throw new WorkError("PARAMS_REFUSED", "params contain a NUL byte");
  return {
    argv,
    // The Python runner writes the unit's stdout itself; what it prints is its own log.
    output: type.kind === "command" ? "stdout" : "runner.log",
    ...(type.workDir !== undefined && { cwd: type.workDir }),
    ...(type.user !== undefined && { user: findUser(type.user) }),
    ...(type.envAllow !== undefined && { envAllow: type.envAllow }),
  };
}

const runners = { command: "command", python: "plugin", tool: "tool" } as const;

function commandOf(type: LaunchedType): string {
  if (type.kind === "command") return type.command;
  return type.kind === "tool" ? "setpriv" : "receptor-python-worker";
}

function pythonArgv(type: PythonSettings, params: string, unitDir: string): string[] {
  const config = JSON.stringify({ ...type.config, params });
  return ["receptor-python-worker", `${type.plugin}:${type.function}`, unitDir, config];
}

/** How units of this type are watched over. */
export function mindingOf(type: LaunchedType): Minding {
  return {
    runner: runners[type.kind],
    command: commandOf(type),
    cancelGraceMs: (type.kind === "tool" ? undefined : type.cancelGraceMs) ?? defaultGraceMs,
    ...(type.kind === "tool" ? toolBounds(type.policy.budget) : limitsOf(type)),
  };
}

function limitsOf(type: CommandSettings | PythonSettings): Partial<Minding> {
  return {
    ...(type.maxRunMs !== undefined && { maxRunMs: type.maxRunMs }),
    ...(type.maxOutputBytes !== undefined && { maxOutputBytes: type.maxOutputBytes }),
    ...(type.maxProcesses !== undefined && { maxProcesses: type.maxProcesses }),
    ...(type.maxMemoryBytes !== undefined && { maxMemoryBytes: type.maxMemoryBytes }),
    ...(type.maxCpuMs !== undefined && { maxCpuMs: type.maxCpuMs }),
  };
}

/** For a unit whose type is no longer configured: it may end as it likes. */
export const unknownTypeMinding: Minding = { runner: "command", command: "command", cancelGraceMs: defaultGraceMs };
