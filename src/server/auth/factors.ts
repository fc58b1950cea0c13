import { type Clock, newTotpSecret, totpStep, totpText, totpUri } from "#core";
import { ServerError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import {
  clearFactor,
  countRecoveryCodes,
  type Credentials,
  findCredentials,
  replaceRecoveryCodes,
  setTotpSecret,
  takeRecoveryCode,
  takeTotpStep,
  type User,
} from "../store/users.ts";
import type { LockOut } from "./lock-out.ts";
import { factorRule } from "./lock-out.ts";
import { factorKey } from "./lock-out-keys.ts";
import { newRecoveryCodes, recoveryCodeHash } from "./recovery-codes.ts";
import type { Role } from "./roles.ts";
import type { Seal } from "./seal.ts";
import type { Sessions } from "./sessions.ts";

/** Whether users of a role may, or must, have a second factor (CAT-66). */
export type FactorPolicy = Readonly<Record<Role, "off" | "optional" | "required">>;

export interface FactorsOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  readonly seal: Seal;
  readonly lockOut: LockOut;
  readonly sessions: Sessions;
  readonly policy: FactorPolicy;
  /** What the server is called in the user's list of codes. */
  readonly issuer: string;
  /** A user's factor was locked: the user should hear of it, for somebody has their password. */
  readonly locked: (userId: string) => void;
}

/** The second factor of users: codes by time, and ten others for the day on which the device is lost (CAT-66). */
export class Factors {
  readonly #options: FactorsOptions;

  constructor(options: FactorsOptions) {
    this.#options = options;
  }

  /** Whether the user must set up a factor before anything else. */
  isMissing(user: User): boolean {
    return this.isRequired(user) && !user.factor;
  }

  /** Whether the user's role must have a factor. Service accounts have no login to be secured. */
  isRequired(user: User): boolean {
    return this.#options.policy[user.role] === "required" && !user.service;
  }

  /**
   * A new secret, not in force until {@link confirm}. Shown this once, as text and as the address for a QR code.
   *
   * @throws {ServerError} FACTOR_EXISTS, FACTOR_OFF, USER_NOT_FOUND.
   */
  async begin(userId: string): Promise<{ readonly secret: string; readonly uri: string }> {
    const { store, seal, policy, issuer } = this.#options;
    const user = await this.#credentials(userId);
    if (policy[user.role] === "off" || user.service) throw off("second factors are switched off for this user");
    const secret = newTotpSecret();
    if (!(await setTotpSecret(store, userId, seal.seal(secret, placeOf(userId))))) throw exists();
    return { secret: totpText(secret), uri: totpUri(secret, issuer, user.name) };
  }

  /**
   * The user's device knows the secret: from now on a code is asked for. The session it was shown in is to be raised.
   *
   * @returns ten recovery codes, shown this once.
   * @throws {ServerError} FACTOR_REFUSED, FACTOR_LOCKED, FACTOR_EXISTS, FACTOR_OFF.
   */
  async confirm(userId: string, code: string): Promise<string[]> {
    const user = await this.#credentials(userId);
    if (user.factor) throw exists();
    if (!user.totpSecret) throw off("begin with a new secret");
    if (!(await this.#counted(user, () => this.#takesTotp(user, code)))) throw factorRefused();
    return await this.#newCodes(userId);
  }

  /** Ten new ones; the earlier ones are worth nothing from now on. @throws {ServerError} FACTOR_OFF. */
  async renewRecoveryCodes(userId: string): Promise<string[]> {
    if (!(await this.#credentials(userId)).factor) throw off("there is no second factor");
    return await this.#newCodes(userId);
  }

  /** How many recovery codes the user has left. */
  recoveryCodesLeft(userId: string): Promise<number> {
    return countRecoveryCodes(this.#options.store, userId);
  }

  /** Whether this is the user's code of the moment, or a recovery code; used up now. @throws FACTOR_LOCKED. */
  check(user: Credentials, code: string): Promise<boolean> {
    return this.#counted(
      user,
      async () => user.factor && ((await this.#takesTotp(user, code)) || (await this.#takesRecoveryCode(user, code))),
    );
  }

  /**
   * Forget the factor: the device and the recovery codes are lost, or found by somebody. Ends all sessions.
   *
   * @param butNot the session in which admins reset their own.
   */
  async reset(userId: string, butNot?: string): Promise<void> {
    await this.#credentials(userId);
    await clearFactor(this.#options.store, userId);
    await this.#options.sessions.endAll(userId, "factor reset", butNot);
  }

  async #counted(user: Credentials, takes: () => Promise<boolean>): Promise<boolean> {
    const { lockOut, locked } = this.#options;
    const key = factorKey(user.id);
    using attempt = await lockOut.begin(factorRule, [key]);
    const taken = await takes();
    if (taken) await lockOut.forget(key);
    else if (await attempt.failed()) locked(user.id);
    return taken;
  }

  async #takesTotp({ id, totpSecret, totpLastStep }: Credentials, code: string): Promise<boolean> {
    if (!totpSecret) return false;
    const { store, clock, seal } = this.#options;
    const secret = seal.open(totpSecret, placeOf(id));
    const step = totpStep(secret, code.replaceAll(/\s/g, ""), clock.now(), totpLastStep);
    return step !== undefined && (await takeTotpStep(store, id, totpSecret, step));
  }

  async #takesRecoveryCode({ id }: Credentials, code: string): Promise<boolean> {
    const hash = recoveryCodeHash(id, code);
    return hash !== undefined && (await takeRecoveryCode(this.#options.store, id, hash));
  }

  async #newCodes(userId: string): Promise<string[]> {
    const codes = newRecoveryCodes();
    const hashes = codes.flatMap((code) => recoveryCodeHash(userId, code) ?? []);
    await replaceRecoveryCodes(this.#options.store, userId, hashes);
    return codes;
  }

  async #credentials(userId: string): Promise<Credentials> {
    const user = await findCredentials(this.#options.store, "id", userId);
    if (!user) throw new ServerError("USER_NOT_FOUND", "there is no such user");
    return user;
  }
}

/** What a code that does not fit is answered with, where it is known that the rest did. */
export const factorRefused = (): ServerError =>
  new ServerError("FACTOR_REFUSED", "the code is wrong, or has been used");

const placeOf = (userId: string): string => `user:${userId}:totp`;
const off = (why: string): ServerError => new ServerError("FACTOR_OFF", why);
const exists = (): ServerError => new ServerError("FACTOR_EXISTS", "the user has a second factor; reset it first");
