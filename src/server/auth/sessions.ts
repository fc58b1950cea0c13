import { randomUUID } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";
import {
  aliveSessions,
  deleteSessions,
  findSession,
  insertSession,
  listSessions,
  renewSession,
  type Session,
  type SessionChoice,
  touchSession,
} from "../store/sessions.ts";
import type { Store } from "../store/store.ts";
import type { User } from "../store/users.ts";
import type { EndingCause, Endings } from "./endings.ts";
import { isToken, newToken, tokenHash } from "./opaque-token.ts";

/** CAT-65: unused for so long, and however much used. */
export const sessionIdleMs = 30 * 60_000;
export const sessionLifeMs = 12 * 60 * 60_000;
/** A use is written down when the last one is this old: not every request is a write. */
const touchEveryMs = 15_000;
const maxNoteChars = 200;

/** A session and its token, which is shown this once. */
export interface OpenedSession {
  readonly token: string;
  readonly session: Session;
}

/** Where a login came from and with what, for the user who looks through the list. Shortened and cleaned here. */
export interface SessionOrigin {
  readonly source: string;
  readonly client: string;
}

/** Logins of people: opaque tokens, known here by their hash (CAT-65). */
export class Sessions {
  readonly #store: Store;
  readonly #clock: Pick<Clock, "now">;
  readonly #endings: Endings;

  constructor(store: Store, clock: Pick<Clock, "now">, endings: Endings) {
    this.#store = store;
    this.#clock = clock;
    this.#endings = endings;
  }

  /**
   * Always with a new token: one that somebody brought along is never made valid.
   *
   * @param factor was one shown? @param lifeMs ends then, however much it is used.
   */
  async open(
    userId: string,
    origin: SessionOrigin,
    factor: boolean,
    lifeMs: number = sessionLifeMs,
  ): Promise<OpenedSession> {
    const token = newToken("session");
    const now = this.#clock.now();
    const session: Session = {
      id: randomUUID(),
      userId,
      createdAt: now,
      usedAt: now,
      expiresAt: now + lifeMs,
      factorAt: factor ? now : null,
      source: noted(origin.source),
      client: noted(origin.client),
    };
    await insertSession(this.#store, {
      id: session.id,
      user_id: userId,
      token_hash: tokenHash(token),
      created_at: now,
      used_at: now,
      expires_at: session.expiresAt,
      factor_at: session.factorAt,
      source: session.source,
      client: session.client,
    });
    return { token, session };
  }

  /** The session of a token, used now. @throws {ServerError} CREDENTIAL_INVALID. */
  async use(token: string): Promise<{ readonly session: Session; readonly user: User }> {
    const found = isToken("session", token) ? await findSession(this.#store, tokenHash(token)) : undefined;
    if (!found) throw new ServerError("CREDENTIAL_INVALID", "the session is unknown or has ended; log in again");
    const { id, usedAt, expiresAt } = found.session;
    const now = this.#clock.now();
    if (now >= expiresAt || now >= usedAt + sessionIdleMs) {
      await this.#end({ id }, "expired");
      throw new ServerError("CREDENTIAL_INVALID", "the session has expired; log in again");
    }
    if (now >= usedAt + touchEveryMs) await this.touch(id);
    return found;
  }

  /** It is being used, by a stream. */
  async touch(id: string): Promise<void> {
    await touchSession(this.#store, id, this.#clock.now());
  }

  /** A factor was just shown: it may do more, so it gets a new token. @throws {ServerError} CREDENTIAL_INVALID. */
  async raise(id: string): Promise<OpenedSession> {
    const token = newToken("session");
    const now = this.#clock.now();
    const session = await renewSession(this.#store, id, { tokenHash: tokenHash(token), now, factorAt: now });
    if (!session) throw new ServerError("CREDENTIAL_INVALID", "the session has ended; log in again");
    return { token, session };
  }

  /** A user's own, the one used last first. */
  async list(userId: string): Promise<Session[]> {
    await this.sweep();
    return await listSessions(this.#store, userId);
  }

  /** @throws {ServerError} SESSION_NOT_FOUND when the user has no such session. */
  async end(userId: string, id: string, cause: EndingCause = "ended"): Promise<void> {
    const ended = await this.#end({ userId, id }, cause);
    if (ended === 0) throw new ServerError("SESSION_NOT_FOUND", `there is no session ${noted(id)}`);
  }

  /** All of a user's, or all but one. @returns how many. */
  endAll(userId: string, cause: EndingCause, butNot?: string): Promise<number> {
    return this.#end({ userId, ...(butNot !== undefined && { butNot }) }, cause);
  }

  /** End what has expired, whether somebody asks for it or not: streams hang on it. To be called every few seconds. */
  async sweep(): Promise<void> {
    const now = this.#clock.now();
    await this.#end({ idleSince: { usedBefore: now - sessionIdleMs, now } }, "expired");
  }

  /** Which of these have not ended, here or through another server of this database. */
  alive(ids: readonly string[]): Promise<Set<string>> {
    return aliveSessions(this.#store, ids);
  }

  async #end(choice: SessionChoice, cause: EndingCause): Promise<number> {
    const ended = await deleteSessions(this.#store, choice);
    this.#endings.tell("session", cause, ended);
    return ended.length;
  }
}

function noted(text: string): string {
  return text.replaceAll(/\p{C}/gu, " ").slice(0, maxNoteChars);
}
