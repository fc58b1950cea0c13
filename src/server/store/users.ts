import type { Labels, Role } from "../auth/roles.ts";
import type { Store } from "./store.ts";
import type { UserTable } from "./tables.ts";

/** A user, as others may see them. */
export interface User {
  readonly id: string;
  /** In small letters. */
  readonly name: string;
  readonly role: Role;
  /** Labels the role is restricted to; null: it counts on every worker. */
  readonly labels: Labels | null;
  readonly disabled: boolean;
  readonly createdAt: number;
  /** Has no password: gets in with API tokens only. */
  readonly service: boolean;
  /** Has shown a code of the second factor. */
  readonly factor: boolean;
}

/** What stands behind a user and is for `auth/` only. */
export interface Credentials extends User {
  /** PHC string. */
  readonly password: string | null;
  /** Sealed. Not in force until `factor`. */
  readonly totpSecret: Buffer | null;
  readonly totpLastStep: number;
}

/** @returns false when the name is taken. */
export async function insertUser(store: Store, user: Omit<UserTable, `totp_${string}`>): Promise<boolean> {
  const totp = { totp_secret: null, totp_confirmed: 0, totp_last_step: 0 };
  const { numInsertedOrUpdatedRows } = await store.db
    .insertInto("user")
    .values({ ...user, ...totp })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function listUsers(store: Store): Promise<User[]> {
  const rows = await store.db.selectFrom("user").selectAll().orderBy("name").execute();
  return rows.map(userOf);
}

export async function countUsers(store: Store): Promise<number> {
  const { users } = await store.db
    .selectFrom("user")
    .select(({ fn }) => fn.countAll<number | string>().as("users"))
    .executeTakeFirstOrThrow();
  return Number(users);
}

export async function findCredentials(
  store: Store,
  by: "id" | "name",
  value: string,
): Promise<Credentials | undefined> {
  const row = await store.db.selectFrom("user").selectAll().where(by, "=", value).executeTakeFirst();
  return row && credentialsOf(row);
}

/** Change what is given, and nothing else. @returns false when there is no such user. */
export async function updateUser(
  store: Store,
  id: string,
  change: Partial<Pick<UserTable, "password" | "disabled">>,
): Promise<boolean> {
  const { numUpdatedRows } = await store.db.updateTable("user").set(change).where("id", "=", id).executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The same password at a new cost, unless it was changed meanwhile. */
export async function replaceHash(store: Store, id: string, from: string, to: string): Promise<void> {
  const own = store.db.updateTable("user").set({ password: to }).where("id", "=", id);
  await own.where("password", "=", from).execute();
}

/** What may be changed of who a user is; `remove`: the user goes, with all sessions, tokens and codes. */
export type UserChange = Partial<Pick<UserTable, "role" | "labels" | "disabled">> | "remove";

/**
 * Change who a user is, unless nobody would be left who may manage users. Of two admins who take each other's role away
 * at once one comes second, and finds itself the last.
 */
export function changeUser(store: Store, id: string, change: UserChange): Promise<"done" | "unknown" | "last admin"> {
  return store.db.transaction().execute(async (db) => {
    const admins = await holdAdmins(store, db);
    const row = await db.selectFrom("user").selectAll().where("id", "=", id).executeTakeFirst();
    if (!row) return "unknown";
    const stays = change !== "remove" && isFullAdmin({ ...row, ...change });
    if (!stays && admins.length === 1 && admins[0] === id) return "last admin";
    if (change === "remove") await db.deleteFrom("user").where("id", "=", id).execute();
    else if (Object.keys(change).length > 0) await db.updateTable("user").set(change).where("id", "=", id).execute();
    return "done";
  });
}

/** Ids of the admins of everything who can log in. Until the transaction ends nobody else changes them. */
async function holdAdmins({ kind }: Store, db: Store["db"]): Promise<string[]> {
  const admins = db.selectFrom("user").select("id").where("role", "=", "admin").where("labels", "is", null);
  const able = admins.where("disabled", "=", 0).where("password", "is not", null).orderBy("id");
  // SQLite has one writer at a time, and knows no such lock.
  const rows = await (kind === "postgres" ? able.forUpdate() : able).execute();
  return rows.map(({ id }) => id);
}

function isFullAdmin({ role, labels, disabled, password }: UserTable): boolean {
  return role === "admin" && labels === null && disabled === 0 && password !== null;
}

/** A secret that is not in force yet. @returns false when one is in force. */
export async function setTotpSecret(store: Store, id: string, sealed: Buffer): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable("user")
    .set({ totp_secret: sealed, totp_last_step: 0 })
    .where("id", "=", id)
    .where("totp_confirmed", "=", 0)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Take the code of this step, and put the secret it was made with in force.
 *
 * @returns false when this step or a later one was taken, by whoever came first, or the secret is another by now.
 */
export async function takeTotpStep(store: Store, id: string, sealed: Buffer, step: number): Promise<boolean> {
  const { numUpdatedRows } = await store.db
    .updateTable("user")
    .set({ totp_last_step: step, totp_confirmed: 1 })
    .where("id", "=", id)
    .where("totp_secret", "=", sealed)
    .where("totp_last_step", "<", step)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Forget the second factor and its recovery codes. */
export async function clearFactor(store: Store, id: string): Promise<void> {
  await store.db.transaction().execute(async (db) => {
    await db.deleteFrom("recovery_code").where("user_id", "=", id).execute();
    const none = { totp_secret: null, totp_confirmed: 0, totp_last_step: 0 };
    await db.updateTable("user").set(none).where("id", "=", id).execute();
  });
}

/** These codes instead of all earlier ones. @param hashes see `auth/recovery-codes.ts`. */
export async function replaceRecoveryCodes(store: Store, userId: string, hashes: readonly string[]): Promise<void> {
  await store.db.transaction().execute(async (db) => {
    await db.deleteFrom("recovery_code").where("user_id", "=", userId).execute();
    const rows = hashes.map((hash) => ({ user_id: userId, hash }));
    if (rows.length > 0) await db.insertInto("recovery_code").values(rows).execute();
  });
}

/** @returns whether there was such a code; it is gone now. */
export async function takeRecoveryCode(store: Store, userId: string, hash: string): Promise<boolean> {
  const own = store.db.deleteFrom("recovery_code").where("user_id", "=", userId);
  return (await own.where("hash", "=", hash).executeTakeFirst()).numDeletedRows === 1n;
}

export async function countRecoveryCodes(store: Store, userId: string): Promise<number> {
  const codes = store.db.selectFrom("recovery_code").select("hash").where("user_id", "=", userId);
  return (await codes.execute()).length;
}

/** A row of the table without its secrets. */
export function userOf(row: UserTable): User {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    labels: row.labels === null ? null : (JSON.parse(row.labels) as Labels),
    disabled: row.disabled !== 0,
    createdAt: row.created_at,
    service: row.password === null,
    factor: row.totp_confirmed !== 0,
  };
}

function credentialsOf(row: UserTable): Credentials {
  const totpSecret = row.totp_secret && Buffer.from(row.totp_secret);
  return { ...userOf(row), password: row.password, totpSecret, totpLastStep: row.totp_last_step };
}

/** Names of users by id; those that are not there are not among them. */
export async function userNames({ db }: Store, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom("user").select(["id", "name"]).where("id", "in", ids).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
