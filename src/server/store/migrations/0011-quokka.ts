import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Workers that run the program of Quokka, and what they were asked to do and have not ended. */
export function quokka({ document }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("quokka_worker")
        .addColumn("worker_id", "text", (column) => column.primaryKey())
        .addColumn("serial", "text", (column) => column.notNull())
        .addColumn("worker_type", "text", (column) => column.notNull())
        .addColumn("host", "text", (column) => column.notNull())
        .addColumn("connection", "text", (column) => column.notNull())
        .addUniqueConstraint("quokka_worker_serial", ["serial", "worker_type"])
        .execute();
      await db.schema
        .createTable("quokka_unit")
        .addColumn("unit", "text", (column) => column.notNull())
        .addColumn("worker_id", "text", (column) => column.notNull())
        .addColumn("job", document, (column) => column.notNull())
        .addPrimaryKeyConstraint("quokka_unit_key", ["worker_id", "unit"])
        .execute();
    },
  };
}
