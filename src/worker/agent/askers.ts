import { type Assertion, AssertionChecker, type Caller, FleetError, type Level, lowerLevel, levels } from "#fleet";
import { type Asking, type FactorGate, hardened } from "./askers-factor.ts";

/** Which level each role of the server has here; `*` stands for every other role. The machine's owner decides (CAT-57). */
export type RoleMap = Readonly<Record<string, Level>>;

export interface AskerRules {
  /**
   * Refuse whoever asks through a server that does not say what its policy includes. Default: let them. Older servers say
   * nothing, and a claim that only narrows protects from nobody who signs assertions: `max` narrows as well.
   */
  readonly needsEntitlement?: (() => boolean) | undefined;
  /** The worker's own second factor: who has not shown a code of it may do no more than `operate` (CAT-70). */
  readonly factor?: FactorGate | undefined;
}

/**
 * Who asks through the server, and what they may do here: the lowest of what the server grants, its policy includes
 * (CAT-100) and our own map says.
 */
export function callerOf(said: Assertion, map: RoleMap, rules: AskerRules = {}): Caller {
  const { sub, name, roles, max, sid, ent, jti, src, con } = said;
  const held = roles.map((role) => (Object.hasOwn(map, role) ? map[role] : map["*"]) ?? "none");
  const own = levels.findLast((each) => held.includes(each)) ?? "none";
  const included = ent ? levelIncluded(ent) : rules.needsEntitlement?.() ? "none" : "admin";
  const level = lowerLevel(included, lowerLevel(max, own));
  const more = { ...(src !== undefined && { source: src }), ...(con !== undefined && { connection: con }) };
  return { name: `${name} (${sub})`, level, carrier: "forwarded", session: sid, request: jti, ...more };
}

/** The level that features reach to; each rests on the ones before. Names that nobody knows count nothing. */
function levelIncluded(features: readonly string[]): Level {
  if (!features.includes("remote.monitor")) return "none";
  if (!features.includes("remote.operate")) return "monitor";
  return features.includes("remote.configure") ? "admin" : "operate";
}

/** Checks what the server says of those who ask, for one registration after another. */
export class Askers {
  readonly #roles: () => RoleMap;
  readonly #rules: AskerRules;
  #checker: AssertionChecker | undefined;

  constructor(roles: () => RoleMap, rules: AskerRules = {}) {
    this.#roles = roles;
    this.#rules = rules;
  }

  /** What was signed for an earlier registration is refused from now on. */
  registered(options: ConstructorParameters<typeof AssertionChecker>[0]): void {
    this.#checker = new AssertionChecker(options);
  }

  /** @throws {FleetError} ASSERTION_INVALID, ASSERTION_STALE. */
  check(assertion: string, method: string, body: string): Asking {
    if (!this.#checker)
      throw new FleetError("ASSERTION_INVALID", "the assertion is refused: nothing is registered yet");
    const caller = callerOf(this.#checker.check(assertion, method, Buffer.from(body)), this.#roles(), this.#rules);
    return hardened(caller, this.#rules.factor);
  }
}
