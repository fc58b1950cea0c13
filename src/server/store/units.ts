import { type SelectQueryBuilder, sql } from "kysely";
import type { Tables, UnitPositionTable, UnitTable, WorkerTable } from "./tables.ts";
import type { Database } from "./workers.ts";

/** Rows of one statement; SQLite takes 32,766 parameters. */
const statementRows = 500;

/** Up to where the units of a worker are known; undefined: nothing is. */
export function unitPosition(db: Database, workerId: string): Promise<UnitPositionTable | undefined> {
  return db.selectFrom("unit_position").selectAll().where("worker_id", "=", workerId).executeTakeFirst();
}

export async function storeUnitPosition(db: Database, position: UnitPositionTable): Promise<void> {
  const { worker_id: _, ...changed } = position;
  await db
    .insertInto("unit_position")
    .values(position)
    .onConflict((conflict) => conflict.column("worker_id").doUpdateSet(changed))
    .execute();
}

/** Those of these units that are known. */
export function knownUnits(db: Database, workerId: string, units: readonly string[]): Promise<UnitTable[]> {
  if (units.length === 0) return Promise.resolve([]);
  return db.selectFrom("unit").selectAll().where("worker_id", "=", workerId).where("unit", "in", units).execute();
}

/** Store units as they are now, new ones and known ones. */
export async function storeUnits(db: Database, units: readonly UnitTable[]): Promise<void> {
  for (let from = 0; from < units.length; from += statementRows)
    await db
      .insertInto("unit")
      .values(units.slice(from, from + statementRows))
      .onConflict((conflict) =>
        conflict.columns(["worker_id", "unit"]).doUpdateSet(({ ref }) => ({
          work_type: ref("excluded.work_type"),
          params: ref("excluded.params"),
          state: ref("excluded.state"),
          detail: ref("excluded.detail"),
          cause: ref("excluded.cause"),
          exit_code: ref("excluded.exit_code"),
          signal: ref("excluded.signal"),
          size: ref("excluded.size"),
          sha256: ref("excluded.sha256"),
          created_at: ref("excluded.created_at"),
          started_at: ref("excluded.started_at"),
          ended_at: ref("excluded.ended_at"),
          requester: ref("excluded.requester"),
          requested_by: ref("excluded.requested_by"),
          made_for: ref("excluded.made_for"),
          epoch: ref("excluded.epoch"),
          seen_at: ref("excluded.seen_at"),
          released_at: ref("excluded.released_at"),
        })),
      )
      .execute();
}

/** The worker has these no more. @returns those of which that is new, as they were. */
export function releaseUnits(
  db: Database,
  workerId: string,
  units: readonly string[],
  at: number,
): Promise<UnitTable[]> {
  if (units.length === 0) return Promise.resolve([]);
  return db
    .updateTable("unit")
    .set({ released_at: at })
    .where("worker_id", "=", workerId)
    .where("released_at", "is", null)
    .where("unit", "in", units)
    .returningAll()
    .execute();
}

/** The same of all of which another comparison than this one told last. */
export function releaseUnitsOutside(db: Database, workerId: string, epoch: string, at: number): Promise<UnitTable[]> {
  return db
    .updateTable("unit")
    .set({ released_at: at })
    .where("worker_id", "=", workerId)
    .where("released_at", "is", null)
    .where("epoch", "<>", epoch)
    .returningAll()
    .execute();
}

/** Which units a list is to have, the newest first. */
export interface UnitsWish {
  /** Ids of workers; undefined: all that were not removed. */
  readonly workers?: readonly string[] | undefined;
  readonly unit?: string | undefined;
  readonly workType?: string | undefined;
  readonly state?: number | undefined;
  readonly user?: string | undefined;
  /** Whether the worker still has it; undefined: either. */
  readonly released?: boolean | undefined;
  /** Created at this time or later. */
  readonly since?: number | undefined;
  /** Behind this one in the list. */
  readonly behind?: Pick<UnitTable, "created_at" | "worker_id" | "unit"> | undefined;
  readonly limit: number;
}

/** A unit with what its worker is called, and when that was heard last. */
export type ListedUnit = UnitTable & {
  readonly worker_name: string;
  readonly worker_seen_at: number | null;
  readonly labels: string;
};

export function listUnits(db: Database, wish: UnitsWish): Promise<ListedUnit[]> {
  if (wish.workers?.length === 0) return Promise.resolve([]);
  return wanted(joined(db), wish)
    .orderBy("unit.created_at", "desc")
    .orderBy("unit.worker_id", "desc")
    .orderBy("unit.unit", "desc")
    .limit(wish.limit)
    .execute() as Promise<ListedUnit[]>;
}

function joined(db: Database) {
  return db
    .selectFrom("unit")
    .innerJoin("worker", "worker.id", "unit.worker_id")
    .selectAll("unit")
    .select(["worker.name as worker_name", "worker.seen_at as worker_seen_at", "worker.labels as labels"])
    .where("worker.state", "<>", "removed");
}

type Joined = SelectQueryBuilder<Tables & { unit: UnitTable; worker: WorkerTable }, "unit" | "worker", object>;

function wanted(query: Joined, wish: UnitsWish): Joined {
  const { workers, unit, workType, state, user, released, since, behind } = wish;
  let asked = query;
  if (workers) asked = asked.where("unit.worker_id", "in", workers);
  if (unit !== undefined) asked = asked.where("unit.unit", "=", unit);
  if (workType !== undefined) asked = asked.where("unit.work_type", "=", workType);
  if (state !== undefined) asked = asked.where("unit.state", "=", state);
  if (user !== undefined) asked = asked.where("unit.requester", "=", user);
  if (released !== undefined) asked = asked.where("unit.released_at", released ? "is not" : "is", null);
  if (since !== undefined) asked = asked.where("unit.created_at", ">=", since);
  if (!behind) return asked;
  const { created_at: createdAt, worker_id: workerId } = behind;
  return asked.where(
    sql<boolean>`(unit.created_at, unit.worker_id, unit.unit) < (${createdAt}, ${workerId}, ${behind.unit})`,
  );
}

/** Forget units that their workers have no more since before `at`, and those of workers that were removed. */
export async function dropUnitsBefore(db: Database, at: number): Promise<number> {
  const old = await db.deleteFrom("unit").where("released_at", "<", at).executeTakeFirst();
  const removed = db.selectFrom("worker").select("id").where("state", "=", "removed");
  const orphans = await db.deleteFrom("unit").where("worker_id", "in", removed).executeTakeFirst();
  await db.deleteFrom("unit_position").where("worker_id", "in", removed).execute();
  return Number(old.numDeletedRows + orphans.numDeletedRows);
}

/** Keep so many units of a worker: those that it has before those that it has no more, and of each the newest. */
export async function trimUnits(db: Database, workerId: string, most: number): Promise<number> {
  const kept = db
    .selectFrom("unit as newer")
    .select("newer.unit")
    .where("newer.worker_id", "=", workerId)
    .orderBy(sql`case when newer.released_at is null then 0 else 1 end`)
    .orderBy("newer.created_at", "desc")
    .orderBy("newer.unit", "desc")
    .limit(most);
  const { numDeletedRows } = await db
    .deleteFrom("unit")
    .where("worker_id", "=", workerId)
    .where("unit", "not in", kept)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
