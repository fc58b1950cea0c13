import { errorText, type Log } from "#core";
import { type Dialect, Kysely, Migrator, type Migration } from "kysely";
import { ServerError } from "../errors.ts";
import { migrations } from "./migrations/all.ts";
import { postgresDialect } from "./postgres.ts";
import { sqliteDialect } from "./sqlite.ts";
import type { Tables } from "./tables.ts";

/** Where the server keeps what it must not forget. */
export type StoreSettings =
  /** The embedded database, a file. One server process uses it at a time. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** One database for any number of servers. */
  | { readonly kind: "postgres"; readonly url: string };

/** The open database; functions in our words stand on it, in the files beside this one. */
export interface Store extends AsyncDisposable {
  readonly kind: StoreSettings["kind"];
  readonly db: Kysely<Tables>;
  /** Names of the migrations that have been done, the first one first. */
  migrations(): Promise<string[]>;
}

/**
 * Open the database and bring its tables to this version's form.
 *
 * @throws {ServerError} STORE_UNREACHABLE, STORE_TOO_NEW when a later version has changed it, STORE_MIGRATION when a
 * step fails (nothing of it is left then: each step is a transaction).
 */
export async function openStore(settings: StoreSettings, log: Log): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: dialectFor(settings, log) });
  try {
    await migrate(db, migrations(settings.kind));
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    kind: settings.kind,
    db,
    migrations: async () => (await migrator(db, migrations(settings.kind)).getMigrations()).map(({ name }) => name),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

function dialectFor(settings: StoreSettings, log: Log): Dialect {
  if (settings.kind === "postgres")
    return postgresDialect(settings.url, (error) =>
      log.warn("a database connection broke", { error: errorText(error) }),
    );
  try {
    return sqliteDialect(settings.path);
  } catch (error) {
    throw unreachable(error);
  }
}

function unreachable(error: unknown): ServerError {
  return new ServerError("STORE_UNREACHABLE", `the database cannot be opened: ${errorText(error)}`);
}

function migrator(db: Kysely<Tables>, steps: Readonly<Record<string, Migration>>): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...steps }) },
    migrationTableName: "migration",
    migrationLockTableName: "migration_lock",
  });
}

async function migrate(db: Kysely<Tables>, steps: Readonly<Record<string, Migration>>): Promise<void> {
  const done = await doneSteps(db);
  const unknown = done.filter((name) => !Object.hasOwn(steps, name));
  if (unknown.length > 0)
    throw new ServerError(
      "STORE_TOO_NEW",
      `the database has been changed by a later version of farhand (${unknown.join(", ")}): start that one, or restore a backup`,
    );
  const { error } = await migrator(db, steps).migrateToLatest();
  if (error) throw new ServerError("STORE_MIGRATION", `the tables cannot be brought up to date: ${errorText(error)}`);
}

async function doneSteps(db: Kysely<Tables>): Promise<string[]> {
  try {
    const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
    if (!tables.some(({ name }) => name === "migration")) return [];
    const rows = await db.selectFrom("migration").select("name").orderBy("name").execute();
    return rows.map(({ name }) => name);
  } catch (error) {
    throw unreachable(error);
  }
}
