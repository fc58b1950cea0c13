import { type Level, lowerLevel } from "#fleet";
import { ServerError } from "../errors.ts";
import type { ApiToken } from "../store/api-tokens.ts";
import type { Session } from "../store/sessions.ts";
import type { User } from "../store/users.ts";
import type { ApiTokens } from "./api-tokens.ts";
import type { Factors } from "./factors.ts";
import { tokenPrefixes } from "./opaque-token.ts";
import { configLabel } from "../registry/labels.ts";
import { type Area, type Labels, levelOf, levelOn, levelWithin } from "./roles.ts";
import type { Sessions } from "./sessions.ts";

/** Who sends a request, and by what it is known. */
export type Caller =
  | { readonly kind: "session"; readonly user: User; readonly session: Session }
  | { readonly kind: "token"; readonly user: User; readonly token: ApiToken };

/** A second factor that is older than this is asked for again before something sensitive (CAT-68). */
export const stepUpMs = 10 * 60_000;

/** Knows callers by what they show. */
export class Callers {
  readonly #sessions: Sessions;
  readonly #apiTokens: ApiTokens;
  readonly #factors: Factors;

  constructor(sessions: Sessions, apiTokens: ApiTokens, factors: Factors) {
    this.#sessions = sessions;
    this.#apiTokens = apiTokens;
    this.#factors = factors;
  }

  /**
   * @param credential token of a session or of the API.
   * @param enrolling the request sets up or shows a second factor, or logs out: all that a session may that lacks one its
   *   user must have.
   * @throws {ServerError} CREDENTIAL_INVALID, FACTOR_ENROLMENT_NEEDED, FACTOR_NEEDED.
   */
  async identify(credential: string, { enrolling = false } = {}): Promise<Caller> {
    const caller = await this.#known(credential);
    if (enrolling && caller.kind === "session") return caller;
    if (this.#factors.isMissing(caller.user))
      throw new ServerError("FACTOR_ENROLMENT_NEEDED", "set up the second factor that your role needs first");
    // It was opened with the password alone, before the factor was set up elsewhere or the role began to need one.
    if (caller.kind === "session" && caller.session.factorAt === null && this.#factors.isRequired(caller.user))
      throw new ServerError("FACTOR_NEEDED", "your role needs a second factor, and this session has not shown it");
    return caller;
  }

  async #known(credential: string): Promise<Caller> {
    if (credential.startsWith(tokenPrefixes.api)) return { kind: "token", ...(await this.#apiTokens.use(credential)) };
    return { kind: "session", ...(await this.#sessions.use(credential)) };
  }
}

/**
 * What a caller may do in an area.
 *
 * @param labels of the worker, or of what else it is about. Without any, a role that is restricted to labels is worth
 *   nothing.
 */
export function callerLevel(caller: Caller, area: Area, labels: Labels = {}): Level {
  const held = levelOn(caller.user.role, caller.user.labels, labels);
  return caller.kind === "token" ? levelWithin(caller.token.scopes, area, held) : held;
}

/**
 * What a caller may do with a configuration (CAT-81): what the name gives, and no more than each worker gives that goes by
 * it. A role that is restricted to labels counts for the name that its label `farhand/config` says, and for no other.
 *
 * @param users labels of the workers of this configuration.
 */
export function callerConfigLevel(caller: Caller, name: string, users: readonly Labels[]): Level {
  const { role, labels } = caller.user;
  const isNamed = labels === null || (Object.hasOwn(labels, configLabel) && labels[configLabel] === name);
  const held = isNamed ? levelOf(role) : "none";
  const own = caller.kind === "token" ? levelWithin(caller.token.scopes, "configurations", held, name) : held;
  return users.map((worker) => callerLevel(caller, "workers", worker)).reduce(lowerLevel, own);
}

/** How the caller logged in, as an assertion says it: `pwd`, `otp`, `token`. */
export function callerMethods(caller: Caller): string[] {
  if (caller.kind === "token") return ["token"];
  return caller.session.factorAt === null ? ["pwd"] : ["pwd", "otp"];
}

/**
 * Something sensitive is next: the second factor must have been shown of late. Users without one are not asked (a policy
 * of `required` leaves none without), nor are API tokens, which nobody sits in front of: their scopes say what they may.
 *
 * @throws {ServerError} FACTOR_NEEDED: `stepUp` of `Login`, then again.
 */
export function checkStepUp(caller: Caller, now: number): void {
  if (caller.kind === "token" || !caller.user.factor) return;
  const { factorAt } = caller.session;
  if (factorAt === null || now >= factorAt + stepUpMs)
    throw new ServerError("FACTOR_NEEDED", "this needs a code of the second factor, not older than 10 minutes");
}
