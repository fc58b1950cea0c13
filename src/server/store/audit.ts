import { ServerError } from "../errors.ts";
import type { Store } from "./store.ts";
import type { AuditTable } from "./tables.ts";

/** A row of the audit as it is stored. */
export type AuditRow = Omit<AuditTable, "sequence"> & { readonly sequence: number };

/** Number and hash of the last row. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** Where the chain begins, where it ends, and the number of the last row there is: of one moment. */
export interface AuditEnds {
  readonly first: AuditHead;
  readonly head: AuditHead;
  readonly lastRow: number;
}

/**
 * Add rows in one transaction. The head's row is locked for so long: servers on one database append one after another.
 *
 * @param follow makes the rows that follow the head.
 * @throws {ServerError} AUDIT_HEAD_LOST.
 */
export function appendAudit(store: Store, follow: (head: AuditHead) => AuditRow[]): Promise<void> {
  return store.db.transaction().execute(async (db) => {
    // Written as it is, for the lock: both databases know that one.
    const head = await db
      .updateTable("audit_head")
      .set(({ ref }) => ({ sequence: ref("sequence") }))
      .where("id", "=", 1)
      .returning(["sequence", "hash"])
      .executeTakeFirst();
    if (!head) throw new ServerError("AUDIT_HEAD_LOST", "the head of the audit is missing: nothing can be recorded");
    const rows = follow(head);
    const last = rows.at(-1);
    if (!last) return;
    await db.insertInto("audit").values(rows).execute();
    await db.updateTable("audit_head").set({ sequence: last.sequence, hash: last.hash }).where("id", "=", 1).execute();
  });
}

/** When the newest row was written, milliseconds since 1970; undefined: there is none. */
export async function lastAuditAt({ db }: Store): Promise<number | undefined> {
  const rows = db.selectFrom("audit").select("at").orderBy("sequence", "desc").limit(1);
  return (await rows.executeTakeFirst())?.at;
}

/** Undefined when the head's row is gone. */
export async function auditEnds({ db }: Store): Promise<AuditEnds | undefined> {
  const row = await db
    .selectFrom("audit_head")
    .selectAll()
    // In the same statement, so that no server appends between the two.
    .select(({ selectFrom, fn }) => selectFrom("audit").select(fn.max("sequence").as("last")).as("last"))
    .where("id", "=", 1)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    first: { sequence: row.first - 1, hash: row.first_previous },
    head: { sequence: row.sequence, hash: row.hash },
    lastRow: row.last ?? row.first - 1,
  };
}

/** Rows behind `after`, the oldest first. */
export function auditRows({ db }: Store, after: number, limit: number): Promise<AuditRow[]> {
  return db.selectFrom("audit").selectAll().where("sequence", ">", after).orderBy("sequence").limit(limit).execute();
}

/**
 * Forget the rows from before the first one of `at` or later, the oldest `most` of them, and note where the chain begins now.
 *
 * @returns how many.
 */
export function dropAuditBefore(store: Store, at: number, most: number): Promise<number> {
  return store.db.transaction().execute(async (db) => {
    const kept = await db
      .selectFrom("audit")
      .select(["sequence", "previous"])
      // The first row to be kept, by its place: clocks of several servers do not agree on who was first.
      .where(({ eb, or, selectFrom }) => {
        const first = selectFrom("audit_head").select("first").where("id", "=", 1);
        return or([eb("at", ">=", at), eb(eb("sequence", "-", most), ">=", first)]);
      })
      .orderBy("sequence")
      .limit(1)
      .executeTakeFirst();
    if (!kept) return 0;
    const { numDeletedRows } = await db.deleteFrom("audit").where("sequence", "<", kept.sequence).executeTakeFirst();
    await db
      .updateTable("audit_head")
      .set({ first: kept.sequence, first_previous: kept.previous })
      .where("id", "=", 1)
      .execute();
    return Number(numDeletedRows);
  });
}
