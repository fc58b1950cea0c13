import type { EnrolmentTable } from "./tables.ts";
import type { Database } from "./workers.ts";

export async function insertEnrolment(db: Database, enrolment: EnrolmentTable): Promise<void> {
  await db.insertInto("enrolment").values(enrolment).execute();
}

/** The newest first, at most 1,000. */
export function listEnrolments(db: Database): Promise<EnrolmentTable[]> {
  return db.selectFrom("enrolment").selectAll().orderBy("created_at", "desc").orderBy("id").limit(1_000).execute();
}

/** @returns false: there is none. */
export async function deleteEnrolment(db: Database, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("enrolment").where("id", "=", id).executeTakeFirst();
  return numDeletedRows === 1n;
}

/**
 * Use an enrolment for a worker: of two that try at the same time exactly one gets it, unless it is for many. The row is
 * locked until the transaction ends; when that fails, it was not used.
 *
 * @param secretHash what the given secret hashes to; it has 256 random bits, so a comparison in the database tells nothing.
 * @returns undefined: unknown, used up or expired.
 */
export function consumeEnrolment(
  db: Database,
  { id, secretHash, at, by }: { id: string; secretHash: string; at: number; by: string },
): Promise<EnrolmentTable | undefined> {
  return db
    .updateTable("enrolment")
    .set(({ eb }) => ({ used_at: at, used_by: by, uses: eb("uses", "+", 1) }))
    .where("id", "=", id)
    .where("secret_hash", "=", secretHash)
    .where("expires_at", ">", at)
    .where(({ or, eb }) => or([eb("used_at", "is", null), eb("cloneable", "=", 1)]))
    .returningAll()
    .executeTakeFirst();
}

/** Note which worker a use became. */
export async function noteEnrolled(db: Database, id: string, workerId: string): Promise<void> {
  await db.updateTable("enrolment").set({ used_by: workerId }).where("id", "=", id).execute();
}

/** Forget those that expired before `at`. @returns how many. */
export async function dropEnrolmentsBefore(db: Database, at: number): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom("enrolment").where("expires_at", "<", at).executeTakeFirst();
  return Number(numDeletedRows);
}

/** The worker that used an enrolment last, for whoever knows its secret. */
export function enrolmentUser(
  db: Database,
  id: string,
  secretHash: string,
): Promise<{ readonly id: string; readonly public_key: string } | undefined> {
  return db
    .selectFrom("enrolment")
    .innerJoin("worker", "worker.id", "enrolment.used_by")
    .select(["worker.id", "worker.public_key"])
    .where("enrolment.id", "=", id)
    .where("enrolment.secret_hash", "=", secretHash)
    .executeTakeFirst();
}
