import type { HealthTable } from "./tables.ts";
import type { Database } from "./workers.ts";

const statementRows = 1_000;

/** Store points; one that is there already is written anew, so that a roll-up can be done again. */
export async function storeHealth(db: Database, points: readonly HealthTable[]): Promise<void> {
  for (let from = 0; from < points.length; from += statementRows)
    await db
      .insertInto("health")
      .values(points.slice(from, from + statementRows))
      .onConflict((conflict) =>
        conflict.columns(["worker_id", "step_ms", "at"]).doUpdateSet(({ ref }) => ({ sample: ref("excluded.sample") })),
      )
      .execute();
}

/** Points of one worker and step from `from` on and before `to`, the oldest first. */
export function healthPoints(
  db: Database,
  { workerId, stepMs, from, to }: { workerId: string; stepMs: number; from: number; to: number },
): Promise<Pick<HealthTable, "at" | "sample">[]> {
  return db
    .selectFrom("health")
    .select(["at", "sample"])
    .where("worker_id", "=", workerId)
    .where("step_ms", "=", stepMs)
    .where("at", ">=", from)
    .where("at", "<", to)
    .orderBy("at")
    .execute();
}

/** Ids of workers behind `after`, in order: many workers are gone through in parts. */
export async function workerIds(db: Database, after: string, limit: number): Promise<string[]> {
  const ids = db.selectFrom("worker").select("id").where("id", ">", after);
  return (await ids.orderBy("id").limit(limit).execute()).map(({ id }) => id);
}

/** Points of several workers in a window. */
export function healthOfMany(
  db: Database,
  { ids, stepMs, from, to }: { ids: readonly string[]; stepMs: number; from: number; to: number },
): Promise<HealthTable[]> {
  const points = db.selectFrom("health").selectAll().where("worker_id", "in", ids).where("step_ms", "=", stepMs);
  return points.where("at", ">=", from).where("at", "<", to).orderBy("worker_id").orderBy("at").execute();
}

/** When the newest point of a step is from, of those up to `until`; undefined: there is none. */
export async function newestHealth(db: Database, stepMs: number, until: number): Promise<number | undefined> {
  const points = db.selectFrom("health").select("at").where("step_ms", "=", stepMs).where("at", "<=", until);
  return (await points.orderBy("at", "desc").limit(1).executeTakeFirst())?.at;
}

/** When the oldest point of a step from `from` on is from; undefined: there is none. */
export async function oldestHealth(db: Database, stepMs: number, from: number): Promise<number | undefined> {
  const points = db.selectFrom("health").select("at").where("step_ms", "=", stepMs).where("at", ">=", from);
  return (await points.orderBy("at").limit(1).executeTakeFirst())?.at;
}

/** Forget points of a step from before `at`. @returns how many. */
export async function dropHealthBefore(db: Database, stepMs: number, at: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("health")
    .where("step_ms", "=", stepMs)
    .where("at", "<", at)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
