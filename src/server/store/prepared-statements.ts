import type { SqliteDatabase, SqliteStatement } from "kysely";

/** More than all that the server asks in the ordinary course of things; texts with lists of any length come and go. */
const most = 256;

/** The database with its latest statements kept: to prepare one takes SQLite longer than most of them run. */
export function withPreparedStatements(database: SqliteDatabase): SqliteDatabase {
  /** The longest unused first. */
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (text) => {
      const statement = prepared.get(text) ?? fixed(database.prepare(text));
      prepared.delete(text);
      prepared.set(text, statement);
      for (const oldest of prepared.keys()) {
        if (prepared.size <= most) break;
        prepared.delete(oldest);
      }
      return statement;
    },
  };
}

/** Whether it gives rows is asked once too. */
function fixed(statement: SqliteStatement): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => statement.all(parameters),
    run: (parameters) => statement.run(parameters),
    iterate: (parameters) => statement.iterate(parameters),
  };
}
