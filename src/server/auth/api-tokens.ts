import { randomUUID } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";
import {
  aliveApiTokens,
  type ApiToken,
  deleteApiTokens,
  findApiToken,
  insertApiToken,
  listApiTokens,
  touchApiToken,
} from "../store/api-tokens.ts";
import type { Store } from "../store/store.ts";
import type { User } from "../store/users.ts";
import type { EndingCause, Endings } from "./endings.ts";
import { isToken, newToken, tokenHash } from "./opaque-token.ts";
import { areas, isScope, type Scope } from "./roles.ts";

const touchEveryMs = 60_000;
const maxNameChars = 100;

/** What an API token is made for. */
export interface ApiTokenWish {
  /** For the user who looks through the list. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970; null: until it is revoked. */
  readonly expiresAt: number | null;
}

/** Credentials of programs: what their user may do, and of that what their scopes leave. */
export class ApiTokens {
  readonly #store: Store;
  readonly #clock: Pick<Clock, "now">;
  readonly #endings: Endings;

  constructor(store: Store, clock: Pick<Clock, "now">, endings: Endings) {
    this.#store = store;
    this.#clock = clock;
    this.#endings = endings;
  }

  /** The token is shown this once. @throws {ServerError} API_TOKEN_UNFIT. */
  async make(userId: string, wish: ApiTokenWish): Promise<{ readonly token: string; readonly apiToken: ApiToken }> {
    const now = this.#clock.now();
    const scopes = checkedScopes(wish.scopes);
    const name = wish.name.trim();
    if (name === "" || name.length > maxNameChars || /\p{C}/u.test(name))
      throw unfit(`its name must have 1 to ${maxNameChars} printable characters`);
    if (wish.expiresAt !== null && !(Number.isSafeInteger(wish.expiresAt) && wish.expiresAt > now))
      throw unfit("it would have expired already");
    const token = newToken("api");
    const apiToken = {
      id: randomUUID(),
      userId,
      name,
      scopes,
      createdAt: now,
      expiresAt: wish.expiresAt,
      usedAt: null,
    };
    await insertApiToken(this.#store, {
      id: apiToken.id,
      user_id: userId,
      name,
      token_hash: tokenHash(token),
      scopes: JSON.stringify(scopes),
      created_at: now,
      expires_at: wish.expiresAt,
      used_at: null,
    });
    return { token, apiToken };
  }

  /** @throws {ServerError} CREDENTIAL_INVALID. */
  async use(token: string): Promise<{ readonly token: ApiToken; readonly user: User }> {
    const found = isToken("api", token) ? await findApiToken(this.#store, tokenHash(token)) : undefined;
    const now = this.#clock.now();
    const { expiresAt = null, usedAt = null, id = "" } = found?.token ?? {};
    if (!found || (expiresAt !== null && now >= expiresAt))
      throw new ServerError("CREDENTIAL_INVALID", "the API token is unknown, revoked or expired");
    if (now >= (usedAt ?? 0) + touchEveryMs) await touchApiToken(this.#store, id, now);
    return found;
  }

  list(userId: string): Promise<ApiToken[]> {
    return listApiTokens(this.#store, userId);
  }

  /** @throws {ServerError} API_TOKEN_NOT_FOUND when the user has no such token. */
  async revoke(userId: string, id: string): Promise<void> {
    const revoked = await deleteApiTokens(this.#store, { userId, id });
    this.#endings.tell("token", "revoked", revoked);
    if (revoked.length === 0) throw new ServerError("API_TOKEN_NOT_FOUND", "there is no such API token");
  }

  /** The user's tokens stay, but what is open under them rests on something that holds no longer. */
  async cut(userId: string, cause: EndingCause): Promise<void> {
    this.#endings.tell("token", cause, await this.list(userId));
  }

  /** Remove what has expired, and cut what is open under it. To be called every few seconds. */
  async sweep(): Promise<void> {
    const expired = await deleteApiTokens(this.#store, { expiredBy: this.#clock.now() });
    this.#endings.tell("token", "expired", expired);
  }

  /** Which of these still let somebody in. */
  alive(ids: readonly string[]): Promise<Set<string>> {
    return aliveApiTokens(this.#store, ids, this.#clock.now());
  }
}

function checkedScopes(scopes: readonly string[]): Scope[] {
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined)
    throw unfit(`a scope is AREA:LEVEL, such as workers:operate or *:monitor (areas: ${areas.join(", ")})`);
  if (scopes.length === 0) throw unfit("without a scope it could do nothing");
  return [...new Set(scopes)].filter(isScope);
}

const unfit = (why: string): ServerError => new ServerError("API_TOKEN_UNFIT", `the API token cannot be made: ${why}`);
