import { errorText, type Log } from "#core";
import { type Dialect, Kysely, Migrator, type Migration } from "kysely";
import { ServerError } from "../errors.ts";
import { carefully } from "./careful-driver.ts";
import { migrations } from "./migrations/all.ts";
import { postgresDialect } from "./postgres.ts";
import { sqliteDialect } from "./sqlite.ts";
import { storeFailure } from "./store-failure.ts";
import { StoreTrouble } from "./store-trouble.ts";
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
 * @throws {ServerError} STORE_UNREACHABLE, STORE_FULL, STORE_DAMAGED, STORE_TOO_NEW when a later version has changed it, STORE_MIGRATION when a
 * step fails (nothing of it is left then: each step is a transaction).
 */
export async function openStore(settings: StoreSettings, log: Log): Promise<Store> {
  const dialect = carefully(dialectFor(settings, log), new StoreTrouble(log));
  const db = new Kysely<Tables>({ dialect });
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
    throw unopened(error);
  }
}

/** At a start the operator is told, in the words of the driver. */
function unopened(error: unknown): ServerError {
  const failure = error instanceof ServerError ? error : storeFailure(error);
  const why = errorText(failure?.cause ?? error);
  return new ServerError(failure?.code ?? "STORE_UNREACHABLE", `the database cannot be opened: ${why}`);
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
  if (error instanceof ServerError) throw unopened(error);
  if (error) throw new ServerError("STORE_MIGRATION", `the tables cannot be brought up to date: ${errorText(error)}`);
}

async function doneSteps(db: Kysely<Tables>): Promise<string[]> {
  try {
    const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
    if (!tables.some(({ name }) => name === "migration")) return [];
    const rows = await db.selectFrom("migration").select("name").orderBy("name").execute();
    return rows.map(({ name }) => name);
  } catch (error) {
    throw unopened(error);
  }
}
