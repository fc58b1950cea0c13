import type { JsonObject } from "#core";
import type {
  ConfigChange,
  ConfigCompared,
  ConfigEffective,
  ConfigFault,
  ConfigGot,
  ConfigValidated,
  ConfigWritten,
} from "#fleet";
import type { Configured, Effective, PendingChange } from "./effective.ts";

/** Who edits, and over what. */
export interface Editor {
  /** As in history and audit. */
  readonly name: string;
  /** Tells this connection from the one that a confirmation comes over (CAT-75). */
  readonly connection: string;
  /** The edit comes from another machine: then one that could cut the worker off must be confirmed. */
  readonly isRemote: boolean;
}

/** A document, and from which version it was made. */
export interface Edit {
  readonly document: JsonObject;
  /** 0: there was none. */
  readonly ifMatch: number;
  readonly comment?: string | undefined;
  /** False: what live checks find is a refusal too (CAT-76). */
  readonly force?: boolean | undefined;
}

/** A version in a list, with what it changed of the one before; null when that is forgotten. */
export interface VersionShown {
  readonly version: number;
  readonly author: string;
  readonly comment: string;
  readonly createdAt: number;
  readonly changes: ConfigChange[] | null;
}

/** A worker's configuration, wherever it is kept (CAT §7). What it gives shows no secrets. */
export interface Configuration {
  /** What is written now: to be used, or what is wrong with it. */
  readonly written: Configured | { readonly state: "none" };
  /** What the worker goes by; undefined while there is nothing it could. */
  readonly running: Effective | undefined;
  /** Look again at where it is written; what is new there counts from here on. */
  refresh(): Promise<void>;
  get(): ConfigGot;
  effective(): ConfigEffective;
  validate(document: JsonObject): Promise<ConfigValidated>;
  compare(document: JsonObject, base: number): ConfigCompared;
  put(edit: Edit, editor: Editor): Promise<ConfigWritten>;
  history(): VersionShown[];
  rollback(version: number, ifMatch: number, editor: Editor): Promise<ConfigWritten>;
  confirm(version: number, editor: Editor): void;
  close(): void;
}

/** What a configuration asks of the worker around it. */
export interface ConfigurationChecks {
  /** Faults that only the worker's own settings show, such as fields of work types (CAT-76, second depth). */
  readonly faults: (effective: Effective) => readonly ConfigFault[];
  /** What this machine says against it, without side effects (third depth). */
  readonly warnings: (effective: Effective, signal?: AbortSignal) => Promise<ConfigFault[]>;
}

/**
 * Puts changed live keys into force. No changes means all of it: until now there was nothing the worker could go by.
 *
 * @throws when that fails; whoever made the change is told.
 */
export type ApplyChanges = (next: Effective, changes: readonly PendingChange[]) => Promise<void>;
