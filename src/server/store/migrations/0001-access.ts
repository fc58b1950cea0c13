import { type Kysely, type Migration, sql } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** Users and how they get in, and the audit of what they did. */
export function access({ time, count, flag, document, bytes, serial }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("user")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull().unique())
        .addColumn("password", "text")
        .addColumn("role", "text", (column) => column.notNull())
        .addColumn("labels", document)
        .addColumn("disabled", flag, (column) => column.notNull().defaultTo(0))
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("totp_secret", bytes)
        .addColumn("totp_confirmed", flag, (column) => column.notNull().defaultTo(0))
        .addColumn("totp_last_step", count, (column) => column.notNull().defaultTo(0))
        .execute();
      await db.schema
        .createTable("recovery_code")
        .addColumn("user_id", "text", (column) => column.notNull().references("user.id").onDelete("cascade"))
        .addColumn("hash", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("recovery_code_key", ["user_id", "hash"])
        .execute();
      await db.schema
        .createTable("session")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("user_id", "text", (column) => column.notNull().references("user.id").onDelete("cascade"))
        .addColumn("token_hash", "text", (column) => column.notNull().unique())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("used_at", time, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull())
        .addColumn("factor_at", time)
        .addColumn("source", "text", (column) => column.notNull())
        .addColumn("client", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("session_user").on("session").column("user_id").execute();
      await db.schema
        .createTable("api_token")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("user_id", "text", (column) => column.notNull().references("user.id").onDelete("cascade"))
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("token_hash", "text", (column) => column.notNull().unique())
        .addColumn("scopes", document, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("expires_at", time)
        .addColumn("used_at", time)
        .execute();
      await db.schema
        .createTable("login_failure")
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("at", time, (column) => column.notNull())
        .execute();
      await db.schema.createIndex("login_failure_key").on("login_failure").columns(["key", "at"]).execute();
      await db.schema
        .createTable("audit")
        .addColumn("sequence", serial, (column) => column.primaryKey())
        .addColumn("at", time, (column) => column.notNull())
        .addColumn("actor", "text", (column) => column.notNull())
        .addColumn("action", "text", (column) => column.notNull())
        .addColumn("subject", "text", (column) => column.notNull())
        .addColumn("detail", document, (column) => column.notNull())
        .addColumn("previous", "text", (column) => column.notNull())
        .addColumn("hash", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("audit_head")
        .addColumn("id", count, (column) => column.primaryKey())
        .addColumn("sequence", count, (column) => column.notNull())
        .addColumn("hash", "text", (column) => column.notNull())
        .addColumn("first", count, (column) => column.notNull())
        .addColumn("first_previous", "text", (column) => column.notNull())
        .execute();
      // Appending locks this row, so it is there from the beginning.
      const none = "0".repeat(64);
      await sql`insert into audit_head values (1, 0, ${none}, 1, ${none})`.execute(db);
    },
  };
}
