import type { Shape } from "./shapes.ts";

/** A configuration as it is in force; version 0 and an empty document where there is none yet. */
export interface HeldConfig {
  readonly version: number;
  readonly document: Shape;
  /** All of the answer. */
  readonly whole: Shape;
}
