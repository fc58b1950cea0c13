import { type Kysely, sql } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

type Table = Exclude<keyof Tables, "migration">;
/** A row of any table, by column. */
export type CopiedRow = Readonly<Record<string, unknown>>;

/**
 * What a backup holds, in an order in which it can be put back, with the columns that order each table's rows. Failures of
 * logins and answers that are kept for requests sent twice are forgotten.
 */
const copied: Readonly<Partial<Record<Table, readonly string[]>>> = {
  user: ["id"],
  recovery_code: ["user_id", "hash"],
  session: ["id"],
  api_token: ["id"],
  audit: ["sequence"],
  audit_head: ["id"],
  worker: ["id"],
  enrolment: ["id"],
  health: ["worker_id", "step_ms", "at"],
  worker_event: ["sequence"],
  worker_config: ["name", "version"],
  worker_config_active: ["name"],
  config_rollout: ["name", "version"],
  config_outcome: ["worker_id"],
  worker_offer: ["worker_id"],
  pending_worker: ["fingerprint"],
  entitlement: ["place"],
  unit: ["worker_id", "unit"],
  unit_position: ["worker_id"],
  quokka_worker: ["worker_id"],
  quokka_unit: ["worker_id", "unit"],
};
/** Tables whose key the database counts: it must go on behind what was put back. */
const counted = ["audit", "worker_event"] as const;
const pageRows = 1_000;

/** Names of {@link copied}. */
export const copiedTables = Object.keys(copied) as readonly Table[];

export function isCopiedTable(name: unknown): name is Table {
  return typeof name === "string" && Object.hasOwn(copied, name);
}

/** Read all rows as they were at one moment. */
export async function copyOut(store: Store, take: (table: Table, row: CopiedRow) => Promise<void>): Promise<void> {
  const transaction = store.db.transaction();
  // SQLite has but one kind, and in it a reader sees one moment.
  const snapshot = store.kind === "postgres" ? transaction.setIsolationLevel("repeatable read") : transaction;
  await snapshot.execute(async (db) => {
    for (const table of copiedTables)
      for await (const row of rowsOf(db, table, copied[table] ?? [])) await take(table, row);
  });
}

async function* rowsOf(db: Kysely<Tables>, table: Table, key: readonly string[]): AsyncGenerator<CopiedRow> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  for (let after: CopiedRow | undefined; ; ) {
    const last = after;
    const behind = last ? sql`where (${columns}) > (${sql.join(key.map((column) => sql`${last[column]}`))})` : sql``;
    const page = sql<CopiedRow>`select * from ${sql.table(table)} ${behind} order by ${columns} limit ${pageRows}`;
    const { rows } = await page.execute(db);
    yield* rows;
    after = rows.at(-1);
    if (rows.length < pageRows) return;
  }
}

/** Puts rows into a database within one transaction; see {@link copyIn}. */
export interface CopyTarget {
  put(table: Table, rows: readonly CopiedRow[]): Promise<void>;
}

/** Put rows into empty tables: all of them, or none when `give` throws. */
export async function copyIn(store: Store, give: (target: CopyTarget) => Promise<void>): Promise<void> {
  await store.db.transaction().execute(async (db) => {
    // A new database has the audit's first row already.
    for (const table of [...copiedTables].reverse()) await sql`delete from ${sql.table(table)}`.execute(db);
    await give({ put: (table, rows) => insert(db, table, rows) });
    if (store.kind === "postgres")
      for (const table of counted)
        await sql`select setval(pg_get_serial_sequence(${table}, 'sequence'), (select coalesce(max(sequence), 0) + 1 from ${sql.table(table)}), false)`.execute(
          db,
        );
  });
}

async function insert(db: Kysely<Tables>, table: Table, rows: readonly CopiedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => sql`${row[column] ?? null}`))})`);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  await sql`insert into ${sql.table(table)} (${names}) values ${sql.join(values)}`.execute(db);
}

/** Whether anybody could log in: then the database is somebody's. */
export async function hasUsers(store: Store): Promise<boolean> {
  return (await store.db.selectFrom("user").select("id").limit(1).execute()).length > 0;
}
