import type { Store } from "./store.ts";
import type { EntitlementTable } from "./tables.ts";

/** Where the one that was entered at the server under an id stands. */
export function serverPlace(id: string): string {
  return `server/${id}`;
}

/** Where the one that a worker came with stands. */
export function workerPlace(workerId: string): string {
  return `worker/${workerId}`;
}

/** Those of the server, or all with those of workers, in the order of their places. */
export function listEntitlements({ db }: Store, which: "server" | "all"): Promise<EntitlementTable[]> {
  const all = db.selectFrom("entitlement").selectAll().orderBy("place");
  return (which === "all" ? all : all.where("worker_id", "is", null)).execute();
}

/** In place of what was there before. */
export async function putEntitlement({ db }: Store, row: EntitlementTable): Promise<void> {
  const { place: _, ...rest } = row;
  await db
    .insertInto("entitlement")
    .values(row)
    .onConflict((conflict) => conflict.column("place").doUpdateSet(rest))
    .execute();
}

/** @returns whether there was one. */
export async function dropEntitlement({ db }: Store, place: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("entitlement").where("place", "=", place).executeTakeFirst();
  return numDeletedRows === 1n;
}

/** @returns whether nobody has noted that before: of several servers one tells people. */
export async function noteTold({ db }: Store, place: string, before: string, told: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("entitlement")
    .set({ told })
    .where("place", "=", place)
    .where("told", "=", before)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
