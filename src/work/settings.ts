/** What a work type is, whatever file it was read from (spec §2.4, §2.6). Sizes in bytes, times in milliseconds. */
export type WorkTypeSettings = CommandSettings | PythonSettings;

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

/** A program with its params. */
export interface CommandSettings extends WorkLimits {
  readonly kind: "command";
  readonly workType: string;
  readonly command: string;
  readonly params: string;
  readonly allowRuntimeParams: boolean;
  /** Requests for this type that do not come over a Unix socket must be signed (spec §2.8). */
  readonly verifySignature?: boolean;
}

/** A function of a Python plugin, run by `receptor-python-worker`. */
export interface PythonSettings extends WorkLimits {
  readonly kind: "python";
  readonly workType: string;
  readonly plugin: string;
  readonly function: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** How long finished units are kept. Nothing is removed unless it is set. */
export interface Retention {
  readonly maxAgeMs?: number;
  readonly maxUnits?: number;
  /** Most bytes of output and payload of all finished units together. */
  readonly maxBytes?: number;
}
