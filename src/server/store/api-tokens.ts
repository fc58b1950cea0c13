import type { Scope } from "../auth/roles.ts";
import type { Store } from "./store.ts";
import type { ApiTokenTable } from "./tables.ts";
import { type User, userOf } from "./users.ts";

/** An API token without what makes it one. Times are milliseconds since 1970. */
export interface ApiToken {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  /** Null: until it is revoked. */
  readonly expiresAt: number | null;
  readonly usedAt: number | null;
}

export async function insertApiToken(store: Store, row: ApiTokenTable): Promise<void> {
  await store.db.insertInto("api_token").values(row).execute();
}

/** The token with this hash, and its user when not disabled. Whether it has expired is for the caller to see. */
export async function findApiToken(
  store: Store,
  tokenHash: string,
): Promise<{ readonly token: ApiToken; readonly user: User } | undefined> {
  const row = await store.db.selectFrom("api_token").selectAll().where("token_hash", "=", tokenHash).executeTakeFirst();
  if (!row) return undefined;
  const users = store.db.selectFrom("user").selectAll().where("id", "=", row.user_id).where("disabled", "=", 0);
  const user = await users.executeTakeFirst();
  return user && { token: apiTokenOf(row), user: userOf(user) };
}

/** A user's tokens, the newest first. */
export async function listApiTokens(store: Store, userId: string): Promise<ApiToken[]> {
  const own = store.db.selectFrom("api_token").selectAll().where("user_id", "=", userId);
  return (await own.orderBy("created_at", "desc").orderBy("id").execute()).map(apiTokenOf);
}

export async function touchApiToken(store: Store, id: string, now: number): Promise<void> {
  await store.db.updateTable("api_token").set({ used_at: now }).where("id", "=", id).execute();
}

/** Which tokens; all that are given must hold. */
export interface ApiTokenChoice {
  readonly userId?: string;
  readonly id?: string;
  readonly expiredBy?: number;
}

/** @returns what was deleted: by whoever came first, of several at once. */
export async function deleteApiTokens(store: Store, { userId, id, expiredBy }: ApiTokenChoice): Promise<ApiToken[]> {
  let query = store.db.deleteFrom("api_token").returningAll();
  if (userId !== undefined) query = query.where("user_id", "=", userId);
  if (id !== undefined) query = query.where("id", "=", id);
  if (expiredBy !== undefined) query = query.where("expires_at", "<=", expiredBy);
  return (await query.execute()).map(apiTokenOf);
}

/** Which of these tokens are still there, last at `now`, and belong to a user who is not disabled. */
export async function aliveApiTokens(store: Store, ids: readonly string[], now: number): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const all = store.db.selectFrom("api_token").innerJoin("user", "user.id", "api_token.user_id").select("api_token.id");
  const alive = await all
    .where("api_token.id", "in", ids)
    .where("user.disabled", "=", 0)
    .where(({ eb, or }) => or([eb("api_token.expires_at", "is", null), eb("api_token.expires_at", ">", now)]))
    .execute();
  return new Set(alive.map(({ id }) => id));
}

function apiTokenOf(row: ApiTokenTable): ApiToken {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
  };
}
