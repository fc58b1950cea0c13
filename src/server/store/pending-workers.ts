import type { Store } from "./store.ts";
import type { PendingWorkerTable } from "./tables.ts";

export function findPendingWorker({ db }: Store, fingerprint: string): Promise<PendingWorkerTable | undefined> {
  return db.selectFrom("pending_worker").selectAll().where("fingerprint", "=", fingerprint).executeTakeFirst();
}

/** Those that wait for a decision, the first to ask in front. */
export function listPendingWorkers({ db }: Store): Promise<PendingWorkerTable[]> {
  return db
    .selectFrom("pending_worker")
    .selectAll()
    .where("state", "=", "pending")
    .orderBy("created_at")
    .orderBy("fingerprint")
    .execute();
}

/**
 * Note one that waits, unless as many do already; of several that ask in the same moment one more may get in.
 *
 * @returns false: there is no room.
 */
export async function insertPendingWorker(
  { db }: Store,
  row: PendingWorkerTable,
  most: { readonly all: number; readonly ofSource: number },
): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const rows = await transaction
      .selectFrom("pending_worker")
      .select("source")
      .where("state", "=", "pending")
      .execute();
    const ofSource = rows.filter(({ source }) => source === row.source).length;
    if (rows.length >= most.all || ofSource >= most.ofSource) return false;
    await transaction
      .insertInto("pending_worker")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return true;
  });
}

/** It asks again, maybe from elsewhere. */
export async function touchPendingWorker({ db }: Store, fingerprint: string, at: number): Promise<void> {
  await db.updateTable("pending_worker").set({ asked_at: at }).where("fingerprint", "=", fingerprint).execute();
}

/** Decide about one that waits. @returns false: there is none such. */
export async function decidePendingWorker(
  { db }: Store,
  fingerprint: string,
  decided: Pick<PendingWorkerTable, "state" | "decided_by" | "given_name" | "given_labels" | "asked_at">,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("pending_worker")
    .set(decided)
    .where("fingerprint", "=", fingerprint)
    .where("state", "=", "pending")
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Forget those that have not asked for long, and decisions that nobody came back for. */
export async function dropPendingWorkersBefore(
  { db }: Store,
  before: { readonly pending: number; readonly decided: number },
): Promise<void> {
  await db
    .deleteFrom("pending_worker")
    .where(({ or, and, eb }) =>
      or([
        and([eb("state", "=", "pending"), eb("asked_at", "<", before.pending)]),
        and([eb("state", "!=", "pending"), eb("asked_at", "<", before.decided)]),
      ]),
    )
    .execute();
}
