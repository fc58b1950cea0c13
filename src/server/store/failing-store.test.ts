import { writeFileSync } from "node:fs";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { type Log, silentLog } from "#core";
import { apiKit } from "../../../test/kit/api.ts";
import { postgresPrograms, startPostgres } from "../../../test/kit/postgres.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { openStore, type Store } from "./store.ts";

/** What a statement cannot be without room for. */
const large = (name: string) => ({
  ...{ name, body: "x".repeat(200_000), sha256: "", author: "a", comment: "" },
  ...{ version: 1, schema_version: 1, created_at: 1 },
});

const write = (store: Store, name: string) =>
  store.db.transaction().execute((db) => db.insertInto("worker_config").values(large(name)).execute());

const names = async (store: Store) =>
  (await store.db.selectFrom("worker_config").select("name").execute()).map(({ name }) => name).sort();

/** As on a disk that is full, and one that is not any more. */
async function limitPages(store: Store, pages: number): Promise<void> {
  await sql.raw(`pragma max_page_count = ${pages}`).execute(store.db);
}

const kit = apiKit();

test("who asks the API for what needs room in a full database is told so, and served when there is some", async () => {
  await using api = await kit.open();
  const { auth } = await api.user("root", "admin");
  const make = async () => await api.ask("POST", "/api/enrolments", { auth, body: {} });
  await limitPages(api.store, 1);
  let answer = await make();
  // What room there is left in the pages of its file is used up first.
  for (let n = 0; n < 200 && answer.status === 201; n++) answer = await make();
  expect(answer).toMatchObject({ status: 507, json: { code: "STORE_FULL", title: "Insufficient Storage" } });
  await limitPages(api.store, 1_000_000);
  expect(await make()).toMatchObject({ status: 201 });
});

describe("an embedded database", () => {
  test("without room fails a transaction with that, and takes the next one when there is room", async () => {
    await using folder = await tempFolder();
    await using store = await openStore({ kind: "sqlite", path: folder.file("a.db") }, silentLog);
    await write(store, "before");
    await limitPages(store, 1);
    // SQLite itself has ended the transaction by then: that it cannot be rolled back any more is nothing to be told.
    await expect(write(store, "none")).rejects.toMatchObject({ code: "STORE_FULL", status: 507 });
    await expect(store.db.insertInto("worker_config").values(large("none")).execute()).rejects.toMatchObject({
      code: "STORE_FULL",
    });
    expect(await names(store)).toEqual(["before"]);
    await limitPages(store, 1_000_000);
    await write(store, "after");
    expect(await names(store)).toEqual(["after", "before"]);
  });

  test("that another process holds fails with that, and goes on when it is let go", async () => {
    await using folder = await tempFolder();
    const path = folder.file("a.db");
    await using store = await openStore({ kind: "sqlite", path }, silentLog);
    await using other = await openStore({ kind: "sqlite", path }, silentLog);
    await sql`pragma busy_timeout = 1`.execute(store.db);
    await other.db.transaction().execute(async (db) => {
      await db.insertInto("worker_config").values(large("theirs")).execute();
      await expect(write(store, "ours")).rejects.toMatchObject({ code: "STORE_UNREACHABLE", status: 503 });
    });
    await write(store, "ours");
    expect(await names(store)).toEqual(["ours", "theirs"]);
  });

  test("that is none is named as damaged, to the operator in the words of SQLite", async () => {
    await using folder = await tempFolder();
    const path = folder.file("a.db");
    writeFileSync(path, "of what was here nothing is left ".repeat(1_000));
    await expect(openStore({ kind: "sqlite", path }, silentLog)).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      message: expect.stringContaining("file is not a database") as string,
    });
  });

  test("that fails a thousand times is told in the log once, in the words of SQLite", async () => {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, warn: (message, fields) => void lines.push({ message, ...fields }) };
    await using folder = await tempFolder();
    await using store = await openStore({ kind: "sqlite", path: folder.file("a.db") }, log);
    await limitPages(store, 1);
    for (let n = 0; n < 1_000; n++) await write(store, "none").catch(() => undefined);
    const said = { message: "the database fails", code: "STORE_FULL", error: "database or disk is full" };
    expect(lines).toEqual([said]);
  });

  test("goes on after a mistake of ours in a transaction, which stays one", async () => {
    await using folder = await tempFolder();
    await using store = await openStore({ kind: "sqlite", path: folder.file("a.db") }, silentLog);
    const mistaken = store.db.transaction().execute(async (db) => {
      await db.insertInto("worker_config").values(large("taken back")).execute();
      await sql`insert into nowhere values (1)`.execute(db);
    });
    await expect(mistaken).rejects.toMatchObject({ name: "SqliteError", code: "SQLITE_ERROR" });
    await write(store, "after");
    expect(await names(store)).toEqual(["after"]);
  });
});

describe.skipIf(postgresPrograms === undefined)("a PostgreSQL", { timeout: 120_000 }, () => {
  test("whose admin ends our connection in a transaction fails that, and takes the next one", async () => {
    await using postgres = await startPostgres();
    const url = await postgres.database();
    await using store = await openStore({ kind: "postgres", url }, silentLog);
    await using admin = await openStore({ kind: "postgres", url }, silentLog);
    const ended = store.db.transaction().execute(async (db) => {
      const own = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
      await sql`select pg_terminate_backend(${own.rows[0]?.pid})`.execute(admin.db);
      await db.insertInto("worker_config").values(large("none")).execute();
    });
    await expect(ended).rejects.toMatchObject({ code: "STORE_UNREACHABLE", status: 503 });
    await write(store, "after");
    expect(await names(store)).toEqual(["after"]);
  });

  test("that has no connection left for us is told as one that does not answer", async () => {
    await using postgres = await startPostgres();
    const url = new URL(await postgres.database());
    await using admin = await openStore({ kind: "postgres", url: url.href }, silentLog);
    await sql`create role few login connection limit 0`.execute(admin.db);
    url.username = "few";
    await expect(openStore({ kind: "postgres", url: url.href }, silentLog)).rejects.toMatchObject({
      code: "STORE_UNREACHABLE",
      message: expect.stringContaining("too many connections") as string,
    });
  });
});
