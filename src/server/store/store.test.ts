import { statSync } from "node:fs";
import { Kysely, sql } from "kysely";
import { expect, test } from "vitest";
import { silentLog } from "#core";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { postgresDialect } from "./postgres.ts";
import { sqliteDialect } from "./sqlite.ts";
import { openStore, type StoreSettings } from "./store.ts";

const names = [
  ...["0001-access", "0002-workers", "0003-configurations", "0004-idempotency"],
  ...["0005-rollouts", "0006-recovery", "0007-pending-workers", "0008-payload-digests"],
  ...["0009-entitlements", "0010-units", "0011-quokka", "0012-audit-lists"],
  ...["0013-enrolment-uses"],
];

describeWithStores("the store", ({ kind, settings, open }) => {
  test("has all tables after its first start, and keeps what is in them", async () => {
    const place = await settings();
    {
      await using store = await openStore(place, silentLog);
      expect(await store.migrations()).toEqual(names);
      await store.db.insertInto("worker_config").values(document(1)).execute();
    }
    await using again = await openStore(place, silentLog);
    expect(await again.db.selectFrom("worker_config").selectAll().execute()).toEqual([document(1)]);
  });

  test("gives numbers of 2^52, bytes and text back as they were", async () => {
    await using store = await open();
    const user = {
      id: "u",
      name: "Zoë 🎉",
      password: null,
      role: "viewer",
      labels: null,
      disabled: 0,
      created_at: 2 ** 52,
      totp_secret: Buffer.from([0, 255, 13, 10]),
      totp_confirmed: 1,
      totp_last_step: 7,
    };
    await store.db.insertInto("user").values(user).execute();
    const read = await store.db.selectFrom("user").selectAll().executeTakeFirstOrThrow();
    expect({ ...read, totp_secret: Buffer.from(read.totp_secret ?? []) }).toEqual(user);
  });

  test("says so when a later version has changed it, and changes nothing", async () => {
    const place = await settings();
    {
      await using store = await openStore(place, silentLog);
      const row = { name: "9999-later", timestamp: "2030" };
      await store.db.insertInto("migration").values(row).execute();
    }
    await expect(openStore(place, silentLog)).rejects.toMatchObject({ code: "STORE_TOO_NEW" });
  });

  test("a step that breaks off leaves nothing behind: the next start does it again", async () => {
    const place = await settings();
    // Of the first step's tables the last one is in the way, as a disk may be full by then.
    const { obstruct, clear } = obstacle(place);
    await obstruct();
    await expect(openStore(place, silentLog)).rejects.toMatchObject({ code: "STORE_MIGRATION" });
    await clear();
    await using store = await openStore(place, silentLog);
    expect(await store.migrations()).toEqual(names);
    expect(await store.db.selectFrom("audit_head").selectAll().execute()).toHaveLength(1);
  });

  test("a step is done once when two servers start at the same time", async () => {
    const place = await settings();
    const opened = await Promise.all(
      Array.from({ length: kind === "sqlite" ? 1 : 3 }, () => openStore(place, silentLog)),
    );
    for (const store of opened) {
      expect(await store.migrations()).toEqual(names);
      await store[Symbol.asyncDispose]();
    }
  });
});

test("an embedded one is a file that nobody else may read", async () => {
  await using folder = await tempFolder();
  const path = folder.file("store.db");
  await using _store = await openStore({ kind: "sqlite", path }, silentLog);
  for (const end of ["", "-wal"]) expect(statSync(path + end).mode & 0o077).toBe(0);
});

test("a database that is not there is named as such", async () => {
  const away = { kind: "postgres", url: "postgres://farhand@127.0.0.1:1/none" } as const;
  await expect(openStore(away, silentLog)).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
  const nowhere = { kind: "sqlite", path: "/nowhere/at/all.db" } as const;
  await expect(openStore(nowhere, silentLog)).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
});

/** A table that the first step wants to make, put there by somebody else. */
function obstacle(place: StoreSettings) {
  const run = async (text: string): Promise<void> => {
    const dialect = place.kind === "sqlite" ? sqliteDialect(place.path) : postgresDialect(place.url, () => {});
    const db = new Kysely<unknown>({ dialect });
    await sql.raw(text).execute(db);
    await db.destroy();
  };
  return { obstruct: () => run("create table audit_head (id integer)"), clear: () => run("drop table audit_head") };
}

function document(version: number) {
  const text = { name: "n", body: "{}", sha256: "", author: "a", comment: "" };
  return { ...text, version, schema_version: 1, created_at: 1 };
}
