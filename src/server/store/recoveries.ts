import type { Store } from "./store.ts";
import type { AdminRecoveryTable } from "./tables.ts";

/** The user's recovery from now on; an earlier one is worth nothing any more. */
export async function replaceRecovery(store: Store, row: AdminRecoveryTable): Promise<void> {
  await store.db
    .insertInto("admin_recovery")
    .values(row)
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet({ hash: row.hash, expires_at: row.expires_at }))
    .execute();
}

/** @returns whether there was one that had not expired; it is gone now, for whoever else comes with it. */
export async function takeRecovery(store: Store, userId: string, hash: string, now: number): Promise<boolean> {
  const own = store.db.deleteFrom("admin_recovery").where("user_id", "=", userId).where("hash", "=", hash);
  return (await own.where("expires_at", ">", now).executeTakeFirst()).numDeletedRows === 1n;
}

/** Forget those that nobody used in time. */
export async function deleteRecoveriesBefore(store: Store, now: number): Promise<void> {
  await store.db.deleteFrom("admin_recovery").where("expires_at", "<=", now).execute();
}
