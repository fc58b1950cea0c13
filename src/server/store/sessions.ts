import type { Store } from "./store.ts";
import type { SessionTable } from "./tables.ts";
import { type User, userOf } from "./users.ts";

/** A session without its token. Times are milliseconds since 1970. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly usedAt: number;
  /** Ends then, however much it is used. */
  readonly expiresAt: number;
  /** When a second factor was shown last; null: never. */
  readonly factorAt: number | null;
  /** Address the login came from. */
  readonly source: string;
  /** What the client calls itself. */
  readonly client: string;
}

export async function insertSession(store: Store, row: SessionTable): Promise<void> {
  await store.db.insertInto("session").values(row).execute();
}

/** The session with this token, and its user when not disabled. Whether it has expired is for the caller to see. */
export async function findSession(
  store: Store,
  tokenHash: string,
): Promise<{ readonly session: Session; readonly user: User } | undefined> {
  const row = await store.db.selectFrom("session").selectAll().where("token_hash", "=", tokenHash).executeTakeFirst();
  if (!row) return undefined;
  const users = store.db.selectFrom("user").selectAll().where("id", "=", row.user_id).where("disabled", "=", 0);
  const user = await users.executeTakeFirst();
  return user && { session: sessionOf(row), user: userOf(user) };
}

/** A user's sessions, the one used last first. */
export async function listSessions(store: Store, userId: string): Promise<Session[]> {
  const own = store.db.selectFrom("session").selectAll().where("user_id", "=", userId);
  return (await own.orderBy("used_at", "desc").execute()).map(sessionOf);
}

export async function touchSession(store: Store, id: string, now: number): Promise<void> {
  await store.db.updateTable("session").set({ used_at: now }).where("id", "=", id).where("used_at", "<", now).execute();
}

/** Another token for the same session; the old one is worth nothing from now on. @returns undefined when it is gone. */
export async function renewSession(
  store: Store,
  id: string,
  change: { readonly tokenHash: string; readonly now: number; readonly factorAt: number | null },
): Promise<Session | undefined> {
  const row = await store.db
    .updateTable("session")
    .set({ token_hash: change.tokenHash, used_at: change.now, factor_at: change.factorAt })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  return row && sessionOf(row);
}

/** Which sessions; all that are given must hold. */
export interface SessionChoice {
  readonly userId?: string;
  readonly id?: string;
  readonly butNot?: string;
  /** Not used since, or at an end by then. */
  readonly idleSince?: { readonly usedBefore: number; readonly now: number };
}

/** @returns what was deleted: by whoever came first, of several at once. */
export async function deleteSessions(store: Store, choice: SessionChoice): Promise<Session[]> {
  let query = store.db.deleteFrom("session").returningAll();
  const { userId, id, butNot, idleSince } = choice;
  if (userId !== undefined) query = query.where("user_id", "=", userId);
  if (id !== undefined) query = query.where("id", "=", id);
  if (butNot !== undefined) query = query.where("id", "!=", butNot);
  if (idleSince)
    query = query.where(({ eb, or }) =>
      or([eb("used_at", "<=", idleSince.usedBefore), eb("expires_at", "<=", idleSince.now)]),
    );
  return (await query.execute()).map(sessionOf);
}

/** Which of these sessions are still there and belong to a user who is not disabled. */
export async function aliveSessions(store: Store, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const all = store.db.selectFrom("session").innerJoin("user", "user.id", "session.user_id").select("session.id");
  const alive = await all.where("session.id", "in", ids).where("user.disabled", "=", 0).execute();
  return new Set(alive.map(({ id }) => id));
}

function sessionOf(row: SessionTable): Session {
  return {
    id: row.id,
    userId: row.user_id,
    createdAt: row.created_at,
    usedAt: row.used_at,
    expiresAt: row.expires_at,
    factorAt: row.factor_at,
    source: row.source,
    client: row.client,
  };
}
