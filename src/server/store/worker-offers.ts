import type { WorkerOfferTable } from "./tables.ts";
import type { Database } from "./workers.ts";

export async function storeOffer(db: Database, offer: WorkerOfferTable): Promise<void> {
  const { worker_id: _, ...changed } = offer;
  await db
    .insertInto("worker_offer")
    .values(offer)
    .onConflict((conflict) => conflict.column("worker_id").doUpdateSet(changed))
    .execute();
}

/** What these workers say they can do; those that said nothing yet are not among them. */
export function offersOf(db: Database, workerIds: readonly string[]): Promise<WorkerOfferTable[]> {
  if (workerIds.length === 0) return Promise.resolve([]);
  return db.selectFrom("worker_offer").selectAll().where("worker_id", "in", workerIds).execute();
}
