import { PostgresDialect } from "kysely";
import type pg from "pg";

const int8 = 20;
/** Connections of one server; PostgreSQL allows 100 in all unless told otherwise. */
const maxConnections = 10;
const connectTimeoutMs = 10_000;
const keepAliveMs = 10_000;

/** A PostgreSQL, by its `postgres://` URL. @param trouble an idle connection broke; the next query opens another. */
export function postgresDialect(url: string, trouble: (error: Error) => void): PostgresDialect {
  return new PostgresDialect({ pool: () => openPool(url, trouble) });
}

async function openPool(url: string, trouble: (error: Error) => void): Promise<pg.Pool> {
  // A server on the embedded database has no use for the driver, and starts without it.
  const { default: driver } = await import("pg");
  const pool = new driver.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    // A connection whose far end vanished without a word is found out, however long nothing is asked.
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    // Times and counts are far below 2^53; as text they would be compared as text.
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary"): unknown =>
        oid === int8 ? Number : parserOf(driver, oid, format),
    },
  });
  pool.on("error", trouble);
  // The pool hears only idle ones. One that breaks between two statements of a transaction would end this process; the
  // transaction finds out by its next statement.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** Types are numbers that PostgreSQL gives; the package knows some of them by name. */
function parserOf({ types }: typeof pg, oid: number, format?: "text" | "binary"): unknown {
  const parserFor = types.getTypeParser as (oid: number, format?: "text" | "binary") => unknown;
  return parserFor(oid, format);
}
