import type { HeldConfig } from "./held-config.ts";
import type { ServerProblem } from "./problem.ts";
import type { Shape } from "./shapes.ts";

/** What is to be written. */
export interface PlaceEdit {
  readonly document: Shape;
  readonly ifMatch: number;
  readonly comment: string | undefined;
  /** Some workers first; see `canaryOf`. */
  readonly canary?: Shape | undefined;
}

/** A configuration where it is kept (CAT-78): at the server, or with a worker in a file of its own. */
export interface ConfigPlace {
  readonly kind: "held" | "worker";
  /** Of the configuration, or of the worker. */
  readonly name: string;
  /** What it is, for people: it is said before anything is edited. */
  readonly what: string;
  /** Version 0 and an empty document where there is none yet. */
  read(): Promise<HeldConfig>;
  /** What somebody who edits it should know, a line each. */
  notes(): Promise<string[]>;
  put(edit: PlaceEdit): Promise<Shape>;
  /** What somebody else has written meanwhile (CAT-72). */
  differences(error: ServerProblem, edit: PlaceEdit): Promise<readonly Shape[]>;
}

/** What a secret looks like, and how it stays. */
export const secretsNote = "a secret shows as `$secret: set`: leave it so to keep it, or write {$secret: {value: …}}";
