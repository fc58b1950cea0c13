import type { ToolName, ToolPolicy } from "#tools";

/** What a work type is, whatever file it was read from (spec §2.4, §2.6). Sizes in bytes, times in milliseconds. */
export type WorkTypeSettings = CommandSettings | PythonSettings | LoopSettings | ToolSettings;

/** What any work type may limit. Nothing is limited unless it is set. */
export interface WorkLimits {
  /** Longest run of one unit. */
  readonly maxRunMs?: number;
  /** Most output of one unit; the command is ended soon after it wrote more. */
  readonly maxOutputBytes?: number;
  /** Most units of this type that run at once; more wait their turn. */
  readonly maxUnits?: number;
  /** Working folder; the daemon's when not set. */
  readonly workDir?: string;
  /** Names of the environment variables a command may inherit; all when not set. */
  readonly envAllow?: readonly string[];
  /** User the command runs as; needs a daemon that runs as root. */
  readonly user?: string;
  /** Time between SIGINT and SIGKILL when a unit is cancelled; 10 s when not set. */
  readonly cancelGraceMs?: number;
}

/** What the processes of one unit may use together. Looked at a few times a second, so a little more may be used. */
export interface UseLimits {
  readonly maxProcesses?: number;
  readonly maxMemoryBytes?: number;
  /** Processor time, of all its processes. */
  readonly maxCpuMs?: number;
}

/** A program with its params. */
export interface CommandSettings extends WorkLimits, UseLimits {
  readonly kind: "command";
  readonly workType: string;
  readonly command: string;
  readonly params: string;
  readonly allowRuntimeParams: boolean;
  /** Requests for this type that do not come over a Unix socket must be signed (spec §2.8). */
  readonly verifySignature?: boolean;
}

/** A function of a Python plugin, run by `receptor-python-worker`. */
export interface PythonSettings extends WorkLimits, UseLimits {
  readonly kind: "python";
  readonly workType: string;
  readonly plugin: string;
  readonly function: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * A built-in tool, named as its work type (docs/decisions/0017-network-tools-are-units.md). `user` is who it runs as where the
 * daemon is root: `farhand-tools` when there is such a user and none is named, else `nobody`.
 */
export interface ToolSettings extends Pick<WorkLimits, "maxUnits" | "user"> {
  readonly kind: "tool";
  readonly workType: ToolName;
  readonly policy: ToolPolicy;
  /** `host:port` of what the worker itself speaks with: a capture leaves that out. */
  readonly own: readonly string[];
  readonly verifySignature?: boolean;
}

/** Work that run loops fetch for themselves, on this machine or on others. */
export interface LoopSettings extends WorkLimits, UseLimits {
  readonly kind: "loop";
  readonly workType: string;
  readonly params: string;
  readonly allowRuntimeParams: boolean;
  readonly verifySignature?: boolean;
  /** Helpers that this worker starts itself; absent: all come from elsewhere. */
  readonly local?: LocalLoop;
  /** Whether helpers on other machines may take it. */
  readonly isRemote: boolean;
  /** A helper that has not been heard of for so long has lost its task. */
  readonly leaseMs: number;
  /** How often a task is handed out at most, when helpers die or fall silent. */
  readonly attempts: number;
  /**
   * `live`: output is the unit's as it comes, and a task that has written some is not tried again. `whole`: output becomes the
   * unit's when its attempt has ended, and that of an attempt given up is nobody's (docs/decisions/0014).
   */
  readonly output: "live" | "whole";
  /** What a helper does with its task when this worker is gone: go on while there is hope, or give up at once. */
  readonly onServiceLoss: "finish" | "abort";
  /** So long a helper hopes. */
  readonly serviceLossMs: number;
}

/** Helpers that are started and stopped by how much there is to do. */
export interface LocalLoop {
  /** A program that fetches tasks itself, or a command that Farhand's own loop runs once for each task. */
  readonly program:
    | { readonly kind: "loop"; readonly line: string }
    | { readonly kind: "command"; readonly path: string };
  readonly min: number;
  readonly max: number;
  /** One that has had nothing to do for so long goes, above `min`. */
  readonly idleMs: number;
  /** After so many tasks a helper is replaced; never when not set. */
  readonly maxTasks?: number;
}

/** How long finished units are kept. Nothing is removed unless it is set. */
export interface Retention {
  readonly maxAgeMs?: number;
  readonly maxUnits?: number;
  /** Most bytes of output and payload of all finished units together. */
  readonly maxBytes?: number;
}
