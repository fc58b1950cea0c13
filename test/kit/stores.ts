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
    const settings = (): Promise<StoreSettings> =>
      Promise.resolve({ kind: "sqlite", path: join(folder.path, `store${++files}.db`) });
    tests({ kind: "sqlite", settings, open: async () => await openStore(await settings(), silentLog) });
  });
  describe.skipIf(postgresPrograms === undefined)(`${name} (PostgreSQL)`, () => {
    let postgres: Postgres;
    beforeAll(async () => void (postgres = await startPostgres()));
    afterAll(() => postgres[Symbol.asyncDispose]());
    const settings = async (): Promise<StoreSettings> => ({ kind: "postgres", url: await postgres.database() });
    tests({ kind: "postgres", settings, open: async () => await openStore(await settings(), silentLog) });
  });
}
