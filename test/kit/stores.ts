import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { silentLog } from "#core";
import { openStore, type Store, type StoreSettings } from "../../src/server/store/store.ts";
import { type Postgres, postgresPrograms, startPostgres } from "./postgres.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";

/** Makes stores of one kind for one file of tests. */
export interface StoreMaker {
  readonly kind: StoreSettings["kind"];
  /** Settings of a new, empty database. */
  settings(): Promise<StoreSettings>;
  /** A new, empty store, to be disposed of by whoever asked. */
  open(): Promise<Store>;
}

/** The same tests on both databases: the embedded one, and a real PostgreSQL. */
export function describeWithStores(name: string, tests: (maker: StoreMaker) => void): void {
  describe(`${name} (SQLite)`, () => {
    let folder: TempFolder;
    let files = 0;
    beforeAll(async () => void (folder = await tempFolder()));
    afterAll(() => folder[Symbol.asyncDispose]());
    const path = (): string => join(folder.path, `store${++files}.db`);
    const settings = (): Promise<StoreSettings> => Promise.resolve({ kind: "sqlite", path: path() });
    const copy = async (model: StoreSettings): Promise<StoreSettings> => {
      const copied = path();
      if (model.kind === "sqlite") await copyFile(model.path, copied);
      return { kind: "sqlite", path: copied };
    };
    tests({ kind: "sqlite", settings, open: opener(settings, copy) });
  });
  describe.skipIf(postgresPrograms === undefined)(`${name} (PostgreSQL)`, () => {
    let postgres: Postgres;
    beforeAll(async () => void (postgres = await startPostgres()));
    afterAll(() => postgres[Symbol.asyncDispose]());
    const database = async (model?: string): Promise<StoreSettings> => ({
      kind: "postgres",
      url: await postgres.database(model),
    });
    const copy = (model: StoreSettings): Promise<StoreSettings> =>
      database(model.kind === "postgres" ? model.url : undefined);
    tests({ kind: "postgres", settings: () => database(), open: opener(database, copy) });
  });
}

/** Makes the tables once and copies them from then on: most of what opening an empty store takes is that. */
function opener(
  settings: () => Promise<StoreSettings>,
  copy: (model: StoreSettings) => Promise<StoreSettings>,
): () => Promise<Store> {
  let model: Promise<StoreSettings> | undefined;
  const makeModel = async (): Promise<StoreSettings> => {
    const made = await settings();
    await using _store = await openStore(made, silentLog);
    return made;
  };
  return async () => await openStore(await copy(await (model ??= makeModel())), silentLog);
}
