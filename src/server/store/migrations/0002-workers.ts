import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Workers, how they come in, and how they are. */
export function workers({ time, count, flag, document, serial }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("worker")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull().unique())
        .addColumn("node", "text", (column) => column.notNull().unique())
        .addColumn("public_key", "text", (column) => column.notNull())
        .addColumn("machine_id", "text", (column) => column.notNull())
        .addColumn("instance", "text")
        .addColumn("mode", "text", (column) => column.notNull())
        .addColumn("version", "text", (column) => column.notNull())
        .addColumn("labels", document, (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("cause", "text", (column) => column.notNull())
        .addColumn("state_since", time, (column) => column.notNull())
        .addColumn("epoch", count, (column) => column.notNull().defaultTo(0))
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("seen_at", time)
        .addColumn("reported_address", "text")
        .addColumn("observed_address", "text")
        .addColumn("configured_address", "text")
        .addColumn("cloneable", flag, (column) => column.notNull().defaultTo(0))
        .addColumn("enrolment_id", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("worker_machine").on("worker").column("machine_id").execute();
      await db.schema
        .createTable("enrolment")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("secret_hash", "text", (column) => column.notNull().unique())
        .addColumn("name", "text")
        .addColumn("labels", document, (column) => column.notNull())
        .addColumn("cloneable", flag, (column) => column.notNull().defaultTo(0))
        .addColumn("may_replace", flag, (column) => column.notNull().defaultTo(0))
        .addColumn("created_by", "text", (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull())
        .addColumn("used_at", time)
        .addColumn("used_by", "text")
        .execute();
      await db.schema
        .createTable("health")
        .addColumn("worker_id", "text", (column) => column.notNull().references("worker.id").onDelete("cascade"))
        .addColumn("step_ms", count, (column) => column.notNull())
        .addColumn("at", time, (column) => column.notNull())
        .addColumn("sample", document, (column) => column.notNull())
        .addPrimaryKeyConstraint("health_key", ["worker_id", "step_ms", "at"])
        .execute();
      await db.schema.createIndex("health_age").on("health").columns(["step_ms", "at"]).execute();
      await db.schema
        .createTable("worker_event")
        .addColumn("sequence", serial, (column) => column.primaryKey())
        .addColumn("worker_id", "text", (column) => column.notNull().references("worker.id").onDelete("cascade"))
        .addColumn("at", time, (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("cause", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex("worker_event_worker")
        .on("worker_event")
        .columns(["worker_id", "sequence"])
        .execute();
    },
  };
}
