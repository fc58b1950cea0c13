/** Fields as they are in JSON; written here so that browsers read these shapes without the rest of the house. */
type Json = string | number | boolean | null | readonly Json[] | JsonFields;
interface JsonFields {
  readonly [name: string]: Json;
}

/** What a probe found out. */
export type Verdict = "up" | "down";

/** One attempt of a probe; besides these it has fields of its kind (docs/wire/tool-results.md). */
export interface ProbeLine extends JsonFields {
  readonly type: "probe";
  /** From 1. */
  readonly attempt: number;
  readonly ok: boolean;
}

/** Last line of a probe. */
export interface ProbeSummaryLine extends JsonFields {
  readonly type: "summary";
  readonly probe: string;
  readonly target: string;
  /** `up` when one attempt at least found all as it should be. */
  readonly verdict: Verdict;
}
