import type { RemoteKind } from "#control";

/** What a rule may name. `connect` is no work, but a way to ask for work elsewhere in this node's name. */
export const ruledCommands = [
  "submit",
  "cancel",
  "release",
  "force-release",
  "results",
  "status",
  "list",
  "connect",
] as const;
export type RuledCommand = (typeof ruledCommands)[number];

/** What somebody wants to do: all that a rule can look at. */
export interface WorkAttempt {
  /** The road the session came by. */
  readonly from: RemoteKind;
  /** The node it came from; empty unless `from` is `mesh`, and never empty then. */
  readonly fromNode: string;
  /** The other node the work is on; empty for work of this one. */
  readonly toNode: string;
  /** As the node calls it that executes the work. */
  readonly workType: string;
  readonly command: RuledCommand;
}

/** One rule: an attempt that all its fields match is accepted or rejected. */
export interface WorkRule {
  readonly action: "accept" | "reject";
  readonly matches: ReadonlyMap<keyof WorkAttempt, (text: string) => boolean>;
}

/** No name is that long, and a pattern takes its time from the length of the text. */
const longestText = 1_024;

/** Rules about work. Without any everything is allowed, as in Receptor; see `docs/tasks/allow-work.md`. */
export class WorkRules {
  readonly #rules: readonly WorkRule[];

  constructor(rules: readonly WorkRule[] = []) {
    this.#rules = rules;
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** The first rule decides that matches; what none matches is allowed. */
  allow(attempt: WorkAttempt): boolean {
    if (this.isEmpty) return true;
    if (Object.values(attempt).some((text: string) => text.length > longestText)) return false;
    return this.#rules.find((rule) => isMatch(rule, attempt))?.action !== "reject";
  }
}

function isMatch({ matches }: WorkRule, attempt: WorkAttempt): boolean {
  for (const [field, matchesText] of matches) if (!matchesText(attempt[field])) return false;
  return true;
}
