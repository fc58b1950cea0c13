import type { WorkerEventTable } from "./tables.ts";
import type { Database } from "./workers.ts";

/** Something that happened to a worker; the sequence grows with each, over all workers. */
export type WorkerEvent = Omit<WorkerEventTable, "sequence"> & { readonly sequence: number };

const statementRows = 1_000;

export async function insertWorkerEvents(
  db: Database,
  events: readonly Omit<WorkerEvent, "sequence">[],
): Promise<void> {
  for (let from = 0; from < events.length; from += statementRows)
    await db
      .insertInto("worker_event")
      .values(events.slice(from, from + statementRows))
      .execute();
}

/** Events behind `after`, the oldest first; of one worker or of all. */
export function workerEvents(db: Database, after: number, limit: number, workerId?: string): Promise<WorkerEvent[]> {
  const events = db.selectFrom("worker_event").selectAll().where("sequence", ">", after);
  const chosen = workerId === undefined ? events : events.where("worker_id", "=", workerId);
  return chosen.orderBy("sequence").limit(limit).execute();
}

/** What happened last to a worker: its events before `before`, the newest first; undefined: the last of all. */
export function lastWorkerEvents(
  db: Database,
  workerId: string,
  before: number | undefined,
  limit: number,
): Promise<WorkerEvent[]> {
  const events = db.selectFrom("worker_event").selectAll().where("worker_id", "=", workerId);
  const chosen = before === undefined ? events : events.where("sequence", "<", before);
  return chosen.orderBy("sequence", "desc").limit(limit).execute();
}

/** What says how a worker was in a window: its events there, and the last one before. */
export async function workerEventsBetween(
  db: Database,
  workerId: string,
  from: number,
  to: number,
): Promise<WorkerEvent[]> {
  const events = db.selectFrom("worker_event").selectAll().where("worker_id", "=", workerId);
  const before = await events.where("at", "<=", from).orderBy("sequence", "desc").limit(1).execute();
  const within = await events.where("at", ">", from).where("at", "<", to).orderBy("sequence").execute();
  return [...before, ...within];
}

/** Forget events from before `at`, each worker's last one excepted: it says since when it is as it is. */
export async function dropWorkerEventsBefore(db: Database, at: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("worker_event")
    .where("at", "<", at)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("worker_event as later")
          .select("later.sequence")
          .whereRef("later.worker_id", "=", "worker_event.worker_id")
          .whereRef("later.sequence", ">", "worker_event.sequence"),
      ),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
