import { type Assertion, AssertionChecker, type Caller, FleetError, type Level, lowerLevel, levels } from "#fleet";

/** Which level each role of the server has here; `*` stands for every other role. The machine's owner decides (CAT-57). */
export type RoleMap = Readonly<Record<string, Level>>;

/** Who asks through the server, and what they may do here: the lower of what the server grants and our own map says. */
export function callerOf({ sub, name, roles, max, sid }: Assertion, map: RoleMap): Caller {
  const held = roles.map((role) => (Object.hasOwn(map, role) ? map[role] : map["*"]) ?? "none");
  const level = lowerLevel(max, levels.findLast((each) => held.includes(each)) ?? "none");
  return { name: `${name} (${sub})`, level, carrier: "forwarded", session: sid };
}

/** Checks what the server says of those who ask, for one registration after another. */
export class Askers {
  readonly #roles: () => RoleMap;
  #checker: AssertionChecker | undefined;

  constructor(roles: () => RoleMap) {
    this.#roles = roles;
  }

  /** What was signed for an earlier registration is refused from now on. */
  registered(options: ConstructorParameters<typeof AssertionChecker>[0]): void {
    this.#checker = new AssertionChecker(options);
  }

  /** @throws {FleetError} ASSERTION_INVALID, ASSERTION_STALE. */
  check(assertion: string, method: string, body: string): Caller {
    if (!this.#checker)
      throw new FleetError("ASSERTION_INVALID", "the assertion is refused: nothing is registered yet");
    return callerOf(this.#checker.check(assertion, method, Buffer.from(body)), this.#roles());
  }
}
