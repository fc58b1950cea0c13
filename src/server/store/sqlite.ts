import { chmodSync, closeSync, openSync } from "node:fs";
import { SqliteAdapter, SqliteDialect } from "kysely";
import Libsql from "libsql";
import { withPreparedStatements } from "./prepared-statements.ts";
import { settledDatabase } from "./settled-database.ts";

/** Another process (a backup, a curious person) may hold the file for so long before a statement fails. */
const busyMs = 5_000;

/**
 * The embedded database: one file, readable by us alone, and its journal beside it.
 *
 * Journal in WAL mode, so that readers do not wait for the writer; `synchronous=FULL`, so that what was answered with
 * success is still there after a power cut.
 */
export function sqliteDialect(path: string): SqliteDialect {
  // Made with its mode before SQLite opens it; its journal files take the mode of the file.
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const database = new Libsql(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("foreign_keys = ON");
  database.pragma(`busy_timeout = ${busyMs}`);
  return new WholeSteps({ database: withPreparedStatements(settledDatabase(database)) });
}

/** Migrations in a transaction: SQLite takes tables back as it does rows, which the dialect does not know. */
class WholeSteps extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): true {
        return true;
      }
    })();
  }
}
