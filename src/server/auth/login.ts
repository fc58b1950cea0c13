import type { Clock } from "#core";
import { ServerError } from "../errors.ts";
import { takeRecovery } from "../store/recoveries.ts";
import type { Session } from "../store/sessions.ts";
import type { Store } from "../store/store.ts";
import { type Credentials, findCredentials, replaceHash, type User } from "../store/users.ts";
import { normalName } from "./accounts.ts";
import { stepUpMs } from "./callers.ts";
import { type Factors, factorRefused } from "./factors.ts";
import { type Attempt, type LockOut, passwordRule } from "./lock-out.ts";
import { nameKey, sourceKey } from "./lock-out-keys.ts";
import { isToken, tokenHash } from "./opaque-token.ts";
import type { PasswordFit, Passwords } from "./passwords.ts";
import { recoveryLifeMs } from "./recovery.ts";
import type { OpenedSession, SessionOrigin, Sessions } from "./sessions.ts";

export interface LoginOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  readonly passwords: Passwords;
  readonly lockOut: LockOut;
  readonly factors: Factors;
  readonly sessions: Sessions;
}

/** Name and password, and the code once it was asked for. */
export interface LoginTry {
  readonly name: string;
  readonly password: string;
  /** Of the device, or a recovery code. */
  readonly code?: string;
}

/** A new session and whose it is. */
export interface LoggedIn extends OpenedSession {
  readonly user: User;
  /** Nothing works but setting up a second factor. */
  readonly mustEnrol: boolean;
  /** It came in with what `recoverAdmin` made, and neither password nor second factor was asked for. */
  readonly recovered?: true;
}

/** How people get in: password, then second factor, then a session. */
export class Login {
  readonly #options: LoginOptions;

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  /**
   * @throws {ServerError} LOGIN_REFUSED, and no word on what was wrong; FACTOR_NEEDED when the password was right and no
   *   code was given; LOGIN_DELAYED, FACTOR_LOCKED (`RetryLaterError`); LOGIN_BUSY.
   */
  async login(given: LoginTry, origin: SessionOrigin, signal?: AbortSignal): Promise<LoggedIn> {
    const { lockOut, factors, sessions } = this.#options;
    const name = normalName(given.name);
    // Of 256 random bits nobody guesses any: whoever locks the name of an admin must not lock this out as well.
    if (isToken("recovery", given.password)) return await this.#recover(name, given.password, origin);
    using attempt = await lockOut.begin(passwordRule, [nameKey(name), sourceKey(origin.source)]);
    const { user, fit } = await this.#known(name, given.password, attempt, signal);
    if (user.factor) await this.#checkFactor(user, given.code, attempt);
    const opened = await sessions.open(user.id, origin, user.factor);
    await this.#checkUnchanged(user, opened);
    if (fit === "outdated") await this.#rehash(user, given.password, signal);
    return { ...opened, user: shown(user), mustEnrol: factors.isMissing(user) };
  }

  /** The password once more, before something that a found session must not do. Counted like a login. */
  async confirm(user: User, password: string, source: string, signal?: AbortSignal): Promise<void> {
    using attempt = await this.#options.lockOut.begin(passwordRule, [nameKey(user.name), sourceKey(source)]);
    await this.#known(user.name, password, attempt, signal);
  }

  /**
   * Whoever sits there is the user, and not somebody who found a session: they logged in, or showed the second factor,
   * within the last minutes, or give the password now.
   *
   * @throws {ServerError} PASSWORD_NEEDED when neither; what {@link confirm} throws.
   */
  async confirmPresent(
    { user, session }: { readonly user: User; readonly session: Session },
    password: string | undefined,
    source: string,
    signal?: AbortSignal,
  ): Promise<void> {
    if (password !== undefined) return await this.confirm(user, password, source, signal);
    if (this.#options.clock.now() >= Math.max(session.createdAt, session.factorAt ?? 0) + stepUpMs)
      throw new ServerError("PASSWORD_NEEDED", "this needs your password, for the login is older than 10 minutes");
  }

  /**
   * The second factor once more, before something sensitive (CAT-68): the session gets a new token.
   *
   * @throws {ServerError} FACTOR_REFUSED, FACTOR_LOCKED, FACTOR_OFF when the user has none, CREDENTIAL_INVALID.
   */
  async stepUp(userId: string, sessionId: string, code: string): Promise<OpenedSession> {
    const { store, factors, sessions } = this.#options;
    const user = await findCredentials(store, "id", userId);
    if (!user?.factor) throw new ServerError("FACTOR_OFF", "there is no second factor to be shown");
    if (!(await factors.check(user, code))) throw factorRefused();
    return await sessions.raise(sessionId);
  }

  /** By a password of the server's owner, which is good once (CAT-117); the session lasts no longer than it would have. */
  async #recover(name: string, password: string, origin: SessionOrigin): Promise<LoggedIn> {
    const { store, clock, sessions, factors } = this.#options;
    const user = await findCredentials(store, "name", name);
    if (!user || user.disabled) throw refused();
    if (!(await takeRecovery(store, user.id, tokenHash(password), clock.now()))) throw refused();
    const opened = await sessions.open(user.id, origin, true, recoveryLifeMs);
    return { ...opened, user: shown(user), mustEnrol: factors.isMissing(user), recovered: true };
  }

  /** Takes as long for who is not there, is disabled, or has no password. */
  async #known(
    name: string,
    password: string,
    attempt: Attempt,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly user: Credentials; readonly fit: PasswordFit }> {
    const { store, passwords } = this.#options;
    const user = await findCredentials(store, "name", name);
    const fit = await passwords.verify(password, user?.password ?? null, signal);
    if (user && !user.disabled && fit !== "wrong") return { user, fit };
    await attempt.failed();
    throw refused();
  }

  async #checkFactor(user: Credentials, code: string | undefined, attempt: Attempt): Promise<void> {
    if (code === undefined || code === "")
      throw new ServerError("FACTOR_NEEDED", "a code of the second factor is needed");
    if (await this.#options.factors.check(user, code)) return;
    await attempt.failed();
    throw refused();
  }

  /** Whoever changes a password ends the sessions there are: one that was being opened with the old one must see it. */
  async #checkUnchanged(before: Credentials, { session }: OpenedSession): Promise<void> {
    const now = await findCredentials(this.#options.store, "id", before.id);
    if (now && !now.disabled && now.password === before.password && now.factor === before.factor) return;
    // It may be gone already.
    await this.#options.sessions.end(before.id, session.id).catch(() => {});
    throw refused();
  }

  /** Costs have gone up since the hash was made. That can wait when many are at the gate. */
  async #rehash(
    { id, password: before }: Credentials,
    password: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { store, passwords } = this.#options;
    const hash = await passwords.hash(password, signal).catch(() => undefined);
    if (hash !== undefined && before !== null) await replaceHash(store, id, before, hash);
  }
}

function shown({ password: _password, totpSecret: _secret, totpLastStep: _step, ...user }: Credentials): User {
  return user;
}

const refused = (): ServerError => new ServerError("LOGIN_REFUSED", "user name, password or code is wrong");
