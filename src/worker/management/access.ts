import {
  type AccessRules,
  type Carrier,
  type Credential,
  type Entitlement,
  mayConnect,
  type Verdict,
} from "./may-connect.ts";
import type { PasswordSessions } from "./password-sessions.ts";
import type { Visitor, VisitorCaller } from "./visitor.ts";

/** What access is decided by; asked anew for each request, so that a change counts at once. */
export interface AccessOptions {
  readonly rules: () => AccessRules;
  readonly entitlement: () => Entitlement;
  readonly sessions: PasswordSessions;
}

/** Who a visitor is at this moment, and why. */
export interface Admitted {
  readonly caller: VisitorCaller;
  readonly verdict: Verdict;
}

/** {@link mayConnect} as things stand now. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  verdict(carrier: Carrier, credential: Credential): Verdict {
    const { rules, entitlement } = this.#options;
    return mayConnect(carrier, credential, entitlement(), rules());
  }

  admit(visitor: Visitor): Admitted {
    const { session } = visitor;
    if (session) this.#options.sessions.use(session);
    const verdict = this.verdict(visitor.carrier, visitor.credential);
    const reference = visitor.asserted?.session ?? visitor.session?.id;
    const caller: VisitorCaller = {
      name: visitor.name,
      level: verdict.level,
      carrier: visitor.way,
      visitor,
      ...(reference !== undefined && { session: reference }),
    };
    return { caller, verdict };
  }
}

/** What was refused, by which rule, why, and who can change it (CAT-111). */
export function refusalText(what: string, { rule, reason, remedy }: Verdict): string {
  return `${what} was refused (${rule}): ${reason}${remedy === "" ? "" : `; ${remedy}`}`;
}
