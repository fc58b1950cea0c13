import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Configurations that the server holds for workers (spec CAT-77). */
export function configurations({ time, count, document }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("worker_config")
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("version", count, (column) => column.notNull())
        .addColumn("body", document, (column) => column.notNull())
        .addColumn("sha256", "text", (column) => column.notNull())
        .addColumn("schema_version", count, (column) => column.notNull())
        .addColumn("author", "text", (column) => column.notNull())
        .addColumn("comment", "text", (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addPrimaryKeyConstraint("worker_config_key", ["name", "version"])
        .execute();
      await db.schema
        .createTable("worker_config_active")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("version", count, (column) => column.notNull())
        .addForeignKeyConstraint("worker_config_active_version", ["name", "version"], "worker_config", [
          "name",
          "version",
        ])
        .execute();
    },
  };
}
