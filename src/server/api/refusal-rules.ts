import { RemoteError } from "#fleet";

/** By which rule somebody was sent away, and who can change that (CAT-111). */
export interface RefusalRule {
  readonly rule: string;
  readonly change: string;
}

const rules: Readonly<Record<string, RefusalRule>> = {
  LEVEL_TOO_LOW: { rule: "CAT-54, level", change: "an admin of this server, by your role or your token's scopes" },
  NOT_ENTITLED: {
    rule: "CAT-95, entitlement",
    change: "the operator of this server, in its policy file, or an admin, by entering an entitlement",
  },
  SESSION_NEEDED: { rule: "CAT-54, session", change: "you, by logging in in place of using an API token" },
  FACTOR_ENROLMENT_NEEDED: { rule: "CAT-66, second factor", change: "you, by setting one up" },
  FACTOR_NEEDED: { rule: "CAT-68, step-up", change: "you, by showing a code of your second factor" },
  PASSWORD_NEEDED: { rule: "CAT-66, second factor", change: "you, by giving your password or logging in again" },
  HANDLE_REFUSED: { rule: "CAT-48, connection handle", change: "your program, by opening a connection first" },
  ORIGIN_REFUSED: { rule: "CAT-53, own page", change: "nobody: only this server's own pages may send that" },
  ROLLOUT_OPEN: { rule: "CAT-80, roll-out", change: "who may configure it, by finishing or aborting the roll-out" },
};

const byWorker: RefusalRule = {
  rule: "CAT-57, both sides must agree",
  change: "who keeps the worker, in /remoteAccess/roles of its configuration",
};

/** The rule behind a refusal; undefined: it is none, or its words say all there is. */
export function refusalRule(error: unknown, code: string): RefusalRule | undefined {
  if (error instanceof RemoteError) return code === "LEVEL_TOO_LOW" ? byWorker : undefined;
  return Object.hasOwn(rules, code) ? rules[code] : undefined;
}
