import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Answers of requests that may come twice, by the key their sender gave them. */
export function idempotency({ time, count, document }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("idempotency")
        .addColumn("caller", "text", (column) => column.notNull())
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("fingerprint", "text", (column) => column.notNull())
        .addColumn("status", count)
        .addColumn("body", document)
        .addColumn("created_at", time, (column) => column.notNull())
        .addPrimaryKeyConstraint("idempotency_key", ["caller", "key"])
        .execute();
      await db.schema.createIndex("idempotency_age").on("idempotency").column("created_at").execute();
    },
  };
}
