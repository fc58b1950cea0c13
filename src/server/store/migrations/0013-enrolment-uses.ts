import { type Kysely, type Migration, sql } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** How often a token has let a worker in. Of those for many that were used before, one use is known. */
export function enrolmentUses({ count }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable("enrolment")
        .addColumn("uses", count, (column) => column.notNull().defaultTo(0))
        .execute();
      await sql`update enrolment set uses = 1 where used_at is not null`.execute(db);
    },
  };
}
