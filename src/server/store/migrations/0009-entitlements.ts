import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Entitlements that were entered at the server, and those that workers came with (CAT-98). */
export function entitlements({ time }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("entitlement")
        .addColumn("place", "text", (column) => column.primaryKey())
        .addColumn("worker_id", "text")
        .addColumn("text", "text", (column) => column.notNull())
        .addColumn("entered_by", "text", (column) => column.notNull())
        .addColumn("entered_at", time, (column) => column.notNull())
        .addColumn("told", "text", (column) => column.notNull())
        .execute();
    },
  };
}
