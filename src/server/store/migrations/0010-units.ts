import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** The server's index of the units of all workers (decision 17). */
export function units({ time, count, document }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("unit")
        .addColumn("worker_id", "text", (column) => column.notNull())
        .addColumn("unit", "text", (column) => column.notNull())
        .addColumn("work_type", "text", (column) => column.notNull())
        .addColumn("params", document)
        .addColumn("state", count, (column) => column.notNull())
        .addColumn("detail", "text", (column) => column.notNull())
        .addColumn("cause", "text")
        .addColumn("exit_code", count)
        .addColumn("signal", "text")
        .addColumn("size", count, (column) => column.notNull())
        .addColumn("sha256", "text")
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("started_at", time)
        .addColumn("ended_at", time)
        .addColumn("requester", "text")
        .addColumn("requested_by", document)
        .addColumn("made_for", document)
        .addColumn("epoch", "text", (column) => column.notNull())
        .addColumn("seen_at", time, (column) => column.notNull())
        .addColumn("released_at", time)
        .addPrimaryKeyConstraint("unit_key", ["worker_id", "unit"])
        .execute();
      const lists = {
        unit_newest: ["created_at", "worker_id", "unit"],
        unit_of_worker: ["worker_id", "created_at", "unit"],
        unit_of_type: ["work_type", "created_at"],
        unit_in_state: ["state", "created_at"],
        unit_of_user: ["requester", "created_at"],
        unit_released: ["released_at"],
      };
      for (const [name, columns] of Object.entries(lists))
        await db.schema.createIndex(name).on("unit").columns(columns).execute();
      await db.schema
        .createTable("unit_position")
        .addColumn("worker_id", "text", (column) => column.primaryKey())
        .addColumn("epoch", "text", (column) => column.notNull())
        .addColumn("sequence", count, (column) => column.notNull())
        .execute();
    },
  };
}
