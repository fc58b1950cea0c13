import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** One-time passwords for admins who got lost (spec CAT-117). */
export function recovery({ time }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("admin_recovery")
        .addColumn("user_id", "text", (column) => column.primaryKey().references("user.id").onDelete("cascade"))
        .addColumn("hash", "text", (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull())
        .execute();
    },
  };
}
