import type { QuokkaUnitTable, QuokkaWorkerTable } from "./tables.ts";
import type { Database } from "./workers.ts";

/** All that were not removed. */
export function quokkaWorkers(db: Database): Promise<QuokkaWorkerTable[]> {
  return db
    .selectFrom("quokka_worker")
    .innerJoin("worker", "worker.id", "quokka_worker.worker_id")
    .where("worker.state", "!=", "removed")
    .selectAll("quokka_worker")
    .execute();
}

/** @returns false: there is one of this serial and type. */
export async function insertQuokkaWorker(db: Database, worker: QuokkaWorkerTable): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("quokka_worker")
    .values(worker)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** It was removed: its serial is free, and nothing is expected of it. */
export async function dropQuokkaWorker(db: Database, workerId: string): Promise<void> {
  await db.deleteFrom("quokka_unit").where("worker_id", "=", workerId).execute();
  await db.deleteFrom("quokka_worker").where("worker_id", "=", workerId).execute();
}

export function quokkaUnits(db: Database): Promise<QuokkaUnitTable[]> {
  return db.selectFrom("quokka_unit").selectAll().execute();
}

/** In place of what was there before. */
export async function storeQuokkaUnit(db: Database, row: QuokkaUnitTable): Promise<void> {
  await db
    .insertInto("quokka_unit")
    .values(row)
    .onConflict((conflict) => conflict.columns(["worker_id", "unit"]).doUpdateSet({ job: row.job }))
    .execute();
}

export async function dropQuokkaUnit(db: Database, workerId: string, unit: string): Promise<void> {
  await db.deleteFrom("quokka_unit").where("worker_id", "=", workerId).where("unit", "=", unit).execute();
}
