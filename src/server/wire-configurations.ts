/** What the API tells of configurations and of the way to a worker; a part of `wire.ts`. */
import type { WorkerState } from "./wire.ts";

/** A version of a configuration that the server holds. */
export interface ConfigVersion {
  readonly name: string;
  readonly version: number;
  /** User id; `server` when a roll-out was taken back. */
  readonly author: string;
  readonly authorName?: string | undefined;
  readonly comment: string;
  readonly createdAt: number;
}

/** A configuration in a list. */
export interface ListedConfig extends ConfigVersion {
  /** How far it has come with its workers, where that was asked for. */
  readonly overview?:
    | {
        readonly workers: number;
        readonly behind: number;
        readonly failed: number;
        readonly rollout: { readonly version: number; readonly state: string } | null;
      }
    | undefined;
}

/** What differs between two documents, by JSON pointer. */
export interface ConfigDiff {
  readonly changes: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[];
}

/** One place where somebody's document differs from the one it was made from. */
export interface ThreeWayChange {
  readonly path: string;
  readonly base?: unknown;
  readonly theirs?: unknown;
  readonly yours?: unknown;
  /** Both have changed it, and not to the same. */
  readonly conflict: boolean;
}

/** Who gets a version first, and for how long they must be well. */
export interface CanaryPlan {
  readonly choose: { readonly count: number } | { readonly labels: Readonly<Record<string, string>> };
  readonly healthyForMs: number;
}

/** A version on its way from some workers to all. */
export interface Rollout {
  readonly name: string;
  readonly version: number;
  readonly base: number;
  readonly state: "canary" | "paused" | "done" | "aborted" | "failed";
  readonly plan: CanaryPlan;
  /** Ids. */
  readonly canaries: readonly string[];
  readonly reason: string;
  readonly changedAt: number;
  /** null: it has ended. */
  readonly next: { readonly step: "wait" | "continue" | "go back"; readonly why: string } | null;
}

/** What became of the last version that a worker was given. */
export interface ConfigOutcome {
  readonly version: number;
  readonly outcome: "applied" | "pending" | "failed";
  readonly detail: string;
  readonly at: number;
}

/** How a configuration of the server is at one worker. */
interface ConfigAtWorker {
  /** `cloud`: it takes its configuration from here; any other keeps a file of its own. */
  readonly mode: string;
  readonly state: WorkerState;
  /** Version it is to go by; null: there is none. */
  readonly wanted: number | null;
  /** It has the version that is being rolled out before the others. */
  readonly first: boolean;
  /** Version it goes by, 0: none; null: it has said nothing yet. */
  readonly running: number | null;
  readonly outcome: ConfigOutcome | null;
}

export interface ConfigUser extends ConfigAtWorker {
  readonly id: string;
  readonly name: string;
}

/** A document as YAML, secrets as set. */
export interface ConfigText {
  readonly version: number;
  readonly text: string;
}

/** A fault of a text; line and column are counted from 1, null: it stands nowhere. */
export interface TextFault {
  readonly path: string;
  readonly reason: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** What the server, or a worker, says against a text before it is written. */
export interface CheckedText {
  /** null: it cannot be read. */
  readonly document: Readonly<Record<string, unknown>> | null;
  readonly faults: readonly TextFault[];
  readonly warnings: readonly TextFault[];
}

type Applies = "live" | "drain" | "restart";

/** What the server wants a worker to go by, and what the worker says it does. */
export interface WorkerConfiguration {
  /** null: no configuration of the server is named for it. */
  readonly held: (ConfigAtWorker & { readonly config: string }) | null;
  /** null: it could not be asked, and `why` says why. */
  readonly told: {
    readonly place:
      | { readonly kind: "file"; readonly path: string }
      | { readonly kind: "cloud"; readonly name: string };
    readonly version: number;
    readonly text: string;
    readonly state: "good" | "misconfigured" | "none";
    readonly faults: readonly { readonly path: string; readonly reason: string }[];
    /** An edit that returns unless it is confirmed. */
    readonly provisional: {
      readonly version: number;
      readonly by: string;
      readonly until: number;
      readonly back: number;
    } | null;
    readonly values: readonly {
      readonly path: string;
      readonly value?: unknown;
      readonly source: string;
      readonly fixed: string | null;
      readonly applies: Applies;
    }[];
    readonly pending: readonly { readonly path: string; readonly applies: Applies }[];
  } | null;
  readonly why: string | null;
}

/** A worker's own configuration was written. */
export interface WorkerConfigWritten {
  readonly version: number;
  readonly warnings: readonly { readonly path: string; readonly reason: string }[];
  readonly pending: readonly { readonly path: string; readonly applies: Applies }[];
  /** Milliseconds since 1970: it returns then, unless it is confirmed; null: it stays. */
  readonly confirmBefore: number | null;
}

/** The way from the server to a worker, stage by stage. */
export interface ConnectionTest {
  readonly stages: readonly {
    readonly stage: "name" | "connection" | "key" | "assertion" | "role";
    readonly state: "fine" | "trouble" | "unknown";
    readonly says: string;
    readonly cure?: string | undefined;
    readonly who?: string | undefined;
  }[];
  /** The first stage in trouble. */
  readonly failed?: string | undefined;
  readonly tookMs: number | null;
}
