import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Workers that came without a token, for a person to decide about (CAT-33). */
export function pendingWorkers({ time, document }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("pending_worker")
        .addColumn("fingerprint", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("host_name", "text", (column) => column.notNull())
        .addColumn("mode", "text", (column) => column.notNull())
        .addColumn("source", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("asked_at", time, (column) => column.notNull())
        .addColumn("decided_by", "text")
        .addColumn("given_name", "text")
        .addColumn("given_labels", document)
        .execute();
    },
  };
}
