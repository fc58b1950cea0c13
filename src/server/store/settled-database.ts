import type { SqliteDatabase, SqliteStatement } from "kysely";

/** What is used of libsql: the interface of better-sqlite3, which the dialect was made for. */
export interface Database extends SqliteDatabase {
  pragma(source: string): unknown;
}

/**
 * The database as the dialect uses it, with statements that end when they fail.
 *
 * One that finds the file held by another process (SQLITE_BUSY) stays open for its repetition, and libsql has no way to
 * take it back: until the garbage collector comes, no transaction of the connection could be committed ("SQL statements in
 * progress").
 */
export function settledDatabase(database: Database): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare: (text) => settledStatement(database, database.prepare(text)),
  };
}

function settledStatement(database: Database, statement: SqliteStatement): SqliteStatement {
  const settled = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      if (isBusy(error)) settle(database, run);
      throw error;
    }
  };
  return {
    reader: statement.reader,
    all: (parameters) => settled(() => statement.all(parameters)),
    run: (parameters) => settled(() => statement.run(parameters)),
    iterate: (parameters) => statement.iterate(parameters),
  };
}

/** Repeated where nothing can be written, it fails in a way that ends it, and does nothing. */
function settle(database: Database, run: () => unknown): void {
  database.pragma("query_only = ON");
  try {
    run();
  } catch {
    // As it should.
  } finally {
    database.pragma("query_only = OFF");
  }
}

/** SQLITE_BUSY, in whatever extended form. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "rawCode" in error && (Number(error.rawCode) & 0xff) === 5;
}
