import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** How versions of configurations come to their workers: roll-outs by stages, and what became of a version where (spec CAT-79, CAT-80). */
export function rollouts({ time, count, document }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("config_rollout")
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("version", count, (column) => column.notNull())
        .addColumn("base", count, (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("plan", document, (column) => column.notNull())
        .addColumn("canaries", document, (column) => column.notNull())
        .addColumn("author", "text", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("changed_at", time, (column) => column.notNull())
        .addPrimaryKeyConstraint("config_rollout_key", ["name", "version"])
        .execute();
      await db.schema
        .createTable("config_outcome")
        .addColumn("worker_id", "text", (column) => column.primaryKey().references("worker.id").onDelete("cascade"))
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("version", count, (column) => column.notNull())
        .addColumn("outcome", "text", (column) => column.notNull())
        .addColumn("detail", "text", (column) => column.notNull())
        .addColumn("running", count, (column) => column.notNull())
        .addColumn("at", time, (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("worker_offer")
        .addColumn("worker_id", "text", (column) => column.primaryKey().references("worker.id").onDelete("cascade"))
        .addColumn("capabilities", document, (column) => column.notNull())
        .addColumn("helper_slots", count, (column) => column.notNull())
        .execute();
    },
  };
}
