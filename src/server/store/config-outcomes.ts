import { sql } from "kysely";
import type { ConfigOutcomeTable, WorkerTable } from "./tables.ts";
import type { Database } from "./workers.ts";

/** What became of the last version that a worker was given; undefined: it has said nothing yet. */
export function configOutcomeOf(db: Database, workerId: string): Promise<ConfigOutcomeTable | undefined> {
  return db.selectFrom("config_outcome").selectAll().where("worker_id", "=", workerId).executeTakeFirst();
}

/** The same of many workers. */
export function configOutcomesOf(db: Database, workerIds: readonly string[]): Promise<ConfigOutcomeTable[]> {
  if (workerIds.length === 0) return Promise.resolve([]);
  return db.selectFrom("config_outcome").selectAll().where("worker_id", "in", workerIds).execute();
}

export async function storeConfigOutcome(db: Database, outcome: ConfigOutcomeTable): Promise<void> {
  const { worker_id: _, ...changed } = outcome;
  await db
    .insertInto("config_outcome")
    .values(outcome)
    .onConflict((conflict) => conflict.column("worker_id").doUpdateSet(changed))
    .execute();
}

/**
 * Workers with this label, in the order of their names, those behind `after`; removed ones are not listed.
 *
 * @param text of the label as it stands in the stored JSON: rows that hold it elsewhere are given too, and are for the caller
 * to leave out. No letter of it means another one: whoever asks for `%%%…` would have each row looked at for long.
 */
export function workersWithText(db: Database, text: string, after: string, limit: number): Promise<WorkerTable[]> {
  return db
    .selectFrom("worker")
    .selectAll()
    .where(sql<boolean>`labels like ${`%${text.replaceAll(/[\\%_]/g, "\\$&")}%`} escape '\\'`)
    .where("state", "!=", "removed")
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
}
