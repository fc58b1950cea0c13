import type { CheckedText, ThreeWayChange, WorkerConfiguration } from "#server/wire";
import { asked } from "./api.ts";

/** The worker's configuration as text, and what is in force of it. */
export type Configuration = NonNullable<WorkerConfiguration["told"]>;

/** What came of an edit. */
export interface Written {
  readonly version: number;
  readonly warnings: readonly { readonly path: string; readonly reason: string }[];
  readonly pending: Configuration["pending"];
}

interface Edit {
  readonly document: Readonly<Record<string, unknown>>;
  /** Version it was made from. */
  readonly ifMatch: number;
  readonly comment: string;
}

export const readConfiguration = (): Promise<Configuration> => asked("GET", "configuration");

/** What the worker says against a text; nothing is written. */
export const checkConfiguration = (text: string, signal?: AbortSignal): Promise<CheckedText> =>
  asked("POST", "configuration/check", { text }, signal);

/** @throws {ProblemError} CONFIG_STALE: somebody else was faster. */
export const writeConfiguration = (edit: Edit): Promise<Written> => asked("POST", "configuration", edit);

/** What somebody else and the writer have made of the same version (CAT-72). */
export const compareConfiguration = ({
  document,
  ifMatch,
}: Edit): Promise<{ readonly version: number; readonly changes: readonly ThreeWayChange[] }> =>
  asked("POST", "configuration/compare", { document, base: ifMatch });
