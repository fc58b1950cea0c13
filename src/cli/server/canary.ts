import type { CommandOption } from "../command.ts";
import { CliError } from "../errors.ts";
import { labelsOf, lifeOf } from "./labels.ts";
import type { Shape } from "./shapes.ts";

/** How a version comes to its workers (CAT-80). */
export interface CanaryOptions {
  readonly canary?: string;
  readonly canaryLabel?: readonly string[];
  readonly healthyFor?: string;
}

/** Options of commands that write a version of a configuration that the server holds. */
export const canaryOptions: readonly CommandOption[] = [
  {
    flags: "--canary <n>",
    description: "let so many workers have it first; all others when those stay well",
    group: "Stages",
  },
  {
    flags: "--canary-label <name=value>",
    description: "let the workers with this label have it first",
    repeatable: true,
    group: "Stages",
  },
  {
    flags: "--healthy-for <time>",
    description: "how long the first must be well: 30s, 10m, 2h (default 60s)",
    group: "Stages",
  },
];

/** As the API has it; undefined: all workers get it at once. @throws {CliError} `USAGE` */
export function canaryOf({ canary, canaryLabel, healthyFor }: CanaryOptions): Shape | undefined {
  if (canary !== undefined && canaryLabel !== undefined)
    throw new CliError("USAGE", "--canary and --canary-label both say who is first", { remedy: "give one" });
  if (canary === undefined && canaryLabel === undefined) {
    if (healthyFor === undefined) return undefined;
    throw new CliError("USAGE", "--healthy-for says nothing without workers that are first", {
      remedy: "--canary 1, or --canary-label NAME=VALUE",
    });
  }
  const choose = canary === undefined ? { labels: labelsOf(canaryLabel) } : { count: countIn(canary) };
  return { choose, healthyForMs: lifeOf(healthyFor ?? "60s") };
}

function countIn(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new CliError("USAGE", `--canary ${text} is no number of workers`, { remedy: "a number from 1 on" });
}
