import { sql } from "kysely";
import type { Store } from "./store.ts";
import type { WorkerTable } from "./tables.ts";

/** The database, or a transaction on it. */
export type Database = Store["db"];

/** What changes of a worker when it registers. */
export type WorkerEntry = Pick<
  WorkerTable,
  | "node"
  | "public_key"
  | "machine_id"
  | "instance"
  | "mode"
  | "version"
  | "labels"
  | "reported_address"
  | "observed_address"
  | "state"
  | "cause"
  | "state_since"
  | "seen_at"
>;

/** A worker's state, to be stored. */
export type WorkerStateRow = Pick<WorkerTable, "id" | "state" | "cause" | "state_since">;

/** Rows of one statement; SQLite takes 32,766 parameters. */
const statementRows = 1_000;

/** @returns false when the name, or the node of that name, is taken. */
export async function insertWorker(db: Database, worker: WorkerTable): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("worker")
    .values(worker)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/**
 * The row of a worker, locked until the transaction ends: registrations of one id come one after another.
 * Undefined when there is none.
 */
export function lockWorker(db: Database, id: string): Promise<WorkerTable | undefined> {
  return db
    .updateTable("worker")
    .set(({ ref }) => ({ id: ref("id") }))
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
}

/** A registration: the epoch grows by one. @returns the row as it is now. */
export function updateWorkerEntry(db: Database, id: string, entry: Partial<WorkerEntry>): Promise<WorkerTable> {
  return db
    .updateTable("worker")
    .set((expression) => ({ ...entry, epoch: expression("epoch", "+", 1) }))
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Change what people may change. @returns false: no such worker. */
export async function updateWorker(
  db: Database,
  id: string,
  changed: Partial<Omit<WorkerTable, "id" | "epoch">>,
): Promise<boolean> {
  const { numUpdatedRows } = await db.updateTable("worker").set(changed).where("id", "=", id).executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** By id; undefined: none. */
export function findWorker(db: Database, id: string): Promise<WorkerTable | undefined> {
  return db.selectFrom("worker").selectAll().where("id", "=", id).executeTakeFirst();
}

/** By name; undefined: none. */
export function findWorkerNamed(db: Database, name: string): Promise<WorkerTable | undefined> {
  return db.selectFrom("worker").selectAll().where("name", "=", name).executeTakeFirst();
}

/** All that are not removed, of one machine. */
export function workersOfMachine(db: Database, machineId: string): Promise<WorkerTable[]> {
  return db
    .selectFrom("worker")
    .selectAll()
    .where("machine_id", "=", machineId)
    .where("state", "!=", "removed")
    .orderBy("created_at")
    .execute();
}

/** In the order of their names, those behind `after`; removed ones are not listed. */
export function listWorkers(db: Database, after = "", limit = 1_000): Promise<WorkerTable[]> {
  return db
    .selectFrom("worker")
    .selectAll()
    .where("state", "!=", "removed")
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
}

/** The worker with a key, removed or not; the newest, should there be several. */
export function workerByKey(db: Database, publicKey: string): Promise<WorkerTable | undefined> {
  return db
    .selectFrom("worker")
    .selectAll()
    .where("public_key", "=", publicKey)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** Who may be on the mesh, and by which key: not a worker of another system, which has none. */
export function memberRows(db: Database): Promise<Pick<WorkerTable, "id" | "node" | "public_key">[]> {
  const workers = db.selectFrom("worker").select(["id", "node", "public_key"]);
  return workers.where("state", "!=", "removed").where("mode", "!=", "quokka").execute();
}

/** State of all that are not removed. */
export function workerStates(db: Database): Promise<(WorkerStateRow & { readonly seen_at: number | null })[]> {
  return db
    .selectFrom("worker")
    .select(["id", "state", "cause", "state_since", "seen_at"])
    .where("state", "!=", "removed")
    .execute();
}

/** Note when workers were heard last: few statements for many workers. */
export async function storeSeen(db: Database, seen: readonly (readonly [id: string, at: number])[]): Promise<void> {
  for (let from = 0; from < seen.length; from += statementRows) {
    const rows = seen.slice(from, from + statementRows).map(([id, at]) => sql`(${id}, cast(${at} as bigint))`);
    await sql`
      with seen (id, at) as (values ${sql.join(rows)})
      update worker set seen_at = seen.at from seen where worker.id = seen.id`.execute(db);
  }
}

/** Store states; a removed worker stays so. */
export async function storeStates(db: Database, states: readonly WorkerStateRow[]): Promise<void> {
  for (let from = 0; from < states.length; from += statementRows) {
    const rows = states
      .slice(from, from + statementRows)
      .map(({ id, state, cause, state_since }) => sql`(${id}, ${state}, ${cause}, cast(${state_since} as bigint))`);
    await sql`
      with changed (id, state, cause, since) as (values ${sql.join(rows)})
      update worker set state = changed.state, cause = changed.cause, state_since = changed.since
      from changed where worker.id = changed.id and worker.state <> 'removed'`.execute(db);
  }
}
