import type { CommandOption } from "../command.ts";

/** Which workers are meant, besides by their names. */
export interface ManyOptions {
  readonly label?: readonly string[];
  readonly all?: true;
}

/** Options of commands that ask many workers for the same. */
export const manyOptions: readonly CommandOption[] = [
  { flags: "--label <name=value>", description: "all workers with this label that you may see", repeatable: true },
  { flags: "--all", description: "all workers that you may see" },
];
