import { expect, test } from "vitest";
import type { JsonObject } from "#core";
import { ConfigStaleError } from "#fleet";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { Audit } from "../audit/audit.ts";
import { sealWith } from "../auth/seal.ts";
import type { Store } from "../store/store.ts";
import { Configurations } from "./configurations.ts";

const password = "correct horse battery";

function server(store: Store) {
  const clock = { now: () => 5_000 };
  const audit = new Audit(store, clock);
  const sealer = sealWith(new Uint8Array(32).fill(7));
  const validate = (document: JsonObject): void => {
    if ("bad" in document) throw new Error("/bad is not allowed");
  };
  const configs = new Configurations({ store, audit, sealer, validate, schemaVersion: 1, clock });
  const put = (document: JsonObject, ifMatch?: number) => configs.put("web", { document, ifMatch, comment: "c" }, "u1");
  return { audit, configs, put };
}

const withSecret = { a: 1, db: { user: "x", password: { $secret: { value: password } } } };

describeWithStores("a configuration", ({ open }) => {
  test("is written with the version it was made from, and each time becomes a new version", async () => {
    await using store = await open();
    const { configs, put } = server(store);
    expect(await put({ a: 1 }, 0)).toMatchObject({ version: 1, document: { a: 1 } });
    const second = await put({ a: 2 }, 1);
    const dated = { author: "u1", comment: "c", schemaVersion: 1, createdAt: 5_000 };
    expect(second).toMatchObject({ name: "web", version: 2, document: { a: 2 }, ...dated });
    expect(await configs.get("web")).toEqual(second);
    expect(await configs.get("web", 1)).toMatchObject({ document: { a: 1 } });
    expect(await configs.list()).toMatchObject([{ name: "web", version: 2, sha256: second.sha256 }]);
    await expect(put({ a: 3 })).rejects.toMatchObject({ code: "CONFIG_IF_MATCH", status: 428 });
    await expect(configs.get("none")).rejects.toMatchObject({ code: "CONFIG_NOT_FOUND" });
    await expect(configs.get("web", 9)).rejects.toMatchObject({ code: "CONFIG_NOT_FOUND" });
  });

  test("of two editors the second is shown what both have changed", async () => {
    await using store = await open();
    const { put } = server(store);
    await put({ a: 1, b: 1, c: { d: 1, e: [1, 2] } }, 0);
    await put({ a: 2, b: 1, c: { d: 2, e: [1, 2] } }, 1);
    const tried = put({ a: 3, b: 1, c: { d: 1, e: [1] }, f: true }, 1);
    await expect(tried).rejects.toBeInstanceOf(ConfigStaleError);
    await expect(tried).rejects.toMatchObject({
      code: "CONFIG_STALE",
      status: 409,
      version: 2,
      changes: [
        { path: "/a", base: 1, theirs: 2, yours: 3, conflict: true },
        { path: "/c/d", base: 1, theirs: 2, yours: 1, conflict: false },
        { path: "/c/e", base: [1, 2], theirs: [1, 2], yours: [1], conflict: false },
        { path: "/f", yours: true, conflict: false },
      ],
    });
  });

  test("what was changed is in the audit, however long the names of it are", async () => {
    await using store = await open();
    const { put, audit } = server(store);
    const long = (n: number): string => `${n}`.padStart(200, "0");
    await put(Object.fromEntries(Array.from({ length: 600 }, (_, n) => [long(n), n])), 0);
    const rows: string[] = [];
    for await (const row of audit.export()) rows.push(row);
    const { action, detail } = JSON.parse(rows[0] ?? "") as { action: string; detail: { changes: string[] } };
    expect(action).toBe("config.put");
    expect(detail.changes[0]).toBe(`/${long(0)}`);
    expect(detail.changes.at(-1)).toMatch(/^and \d+ more$/);
  });

  test("of many who write at the same time exactly one does", async () => {
    await using store = await open();
    const { put, configs } = server(store);
    const ends = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => put({ n }, 0)));
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const end of ends)
      if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "CONFIG_STALE", version: 1 });
    expect(await configs.history("web")).toHaveLength(1);
  });

  test("shows secrets as set, keeps them when that is written back, and hands them to workers", async () => {
    await using store = await open();
    const { put, configs, audit } = server(store);
    const first = await put(withSecret, 0);
    expect(first.document).toEqual({ a: 1, db: { user: "x", password: { $secret: "set" } } });
    const { document } = await configs.get("web");
    await put({ ...document, a: 2 }, 1);
    expect((await configs.deliver("web")).document).toEqual({
      a: 2,
      db: { user: "x", password: { $secret: { value: password } } },
    });
    // What was read by anybody, in the database or in the audit, is not it.
    const seen = [
      await store.db.selectFrom("worker_config").selectAll().execute(),
      await store.db.selectFrom("audit").selectAll().execute(),
      await configs.history("web"),
    ];
    for (const form of [password, Buffer.from(password).toString("base64"), Buffer.from(password).toString("hex")])
      expect(JSON.stringify(seen)).not.toContain(form);
    expect((await configs.history("web"))[0]?.changes).toEqual([{ path: "/a", before: 1, after: 2 }]);
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 2 });
  });

  test("says that a secret was changed, and not to what", async () => {
    await using store = await open();
    const { put, configs } = server(store);
    await put(withSecret, 0);
    await put({ ...withSecret, db: { user: "x", password: { $secret: { value: "other" } } } }, 1);
    const set = { $secret: "set" };
    expect((await configs.history("web"))[0]?.changes).toEqual([{ path: "/db/password", before: set, after: set }]);
    const stale = put(withSecret, 1);
    await expect(stale).rejects.toMatchObject({ changes: [{ base: set, theirs: set, yours: set, conflict: true }] });
    expect(JSON.stringify(await stale.catch((error: unknown) => error))).not.toContain(password);
  });

  test.each<[string, JsonObject]>([
    ["nothing to keep", { db: { password: { $secret: "set" } } }],
    ["a sealed value from outside", { db: { password: { $secret: { sealed: "AAAA" } } } }],
    ["no text", { db: { password: { $secret: { value: 7 } } } }],
    ["something beside it", { db: { password: { $secret: { value: "x" }, hint: "x" } } }],
    ["another word", { db: { password: { $secret: "x" } } }],
  ])("refuses a secret that is none: %s", async (_name, document) => {
    await using store = await open();
    await expect(server(store).put(document, 0)).rejects.toMatchObject({
      code: "CONFIG_SECRET",
      message: expect.stringContaining("/db/password") as string,
    });
  });

  test("leaves references to files and variables to the worker", async () => {
    await using store = await open();
    const { put, configs } = server(store);
    const document = { a: { $secret: "file:/run/secret" }, b: { $secret: "env:PASSWORD" } };
    expect((await put(document, 0)).document).toEqual(document);
    expect((await configs.deliver("web")).document).toEqual(document);
  });

  test("does not open a secret in another configuration", async () => {
    await using store = await open();
    const { put, configs } = server(store);
    await put(withSecret, 0);
    await configs.put("other", { document: withSecret, ifMatch: 0 }, "u1");
    const { body } = await store.db
      .selectFrom("worker_config")
      .select("body")
      .where("name", "=", "web")
      .executeTakeFirstOrThrow();
    await store.db.updateTable("worker_config").set({ body }).where("name", "=", "other").execute();
    await expect(configs.deliver("other")).rejects.toMatchObject({ code: "SEALED_UNREADABLE" });
  });

  test("is rolled back as a new version, secrets as they were; the last twenty are kept", async () => {
    await using store = await open();
    const { put, configs } = server(store);
    await put(withSecret, 0);
    for (let n = 1; n <= 20; n++) await put({ a: n, db: { password: { $secret: { value: `p${n}` } } } }, n);
    await expect(configs.get("web", 1)).rejects.toMatchObject({ code: "CONFIG_NOT_FOUND" });
    const back = await configs.rollback("web", 19, 21, "u2");
    expect(back).toMatchObject({ version: 22, author: "u2", comment: "as version 19", document: { a: 18 } });
    expect((await configs.deliver("web")).document).toEqual({ a: 18, db: { password: { $secret: { value: "p18" } } } });
    const history = await configs.history("web");
    expect(history.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, n) => 22 - n));
    expect(history.at(-1)?.changes).toBeNull();
    await expect(configs.rollback("web", 20, 21, "u2")).rejects.toMatchObject({ code: "CONFIG_STALE", version: 22 });
    await expect(configs.rollback("web", 1, 22, "u2")).rejects.toMatchObject({ code: "CONFIG_NOT_FOUND" });
  });

  test("that is not valid, too deep, too large or badly named is not written", async () => {
    await using store = await open();
    const { put, configs } = server(store);
    let deep: JsonObject = {};
    for (let n = 0; n < 40; n++) deep = { deep };
    await expect(put({ bad: true }, 0)).rejects.toThrow("/bad");
    for (const document of [deep, { text: "x".repeat(300_000) }])
      await expect(put(document, 0)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    for (const name of ["", "../x", "a b", "x".repeat(64)])
      await expect(configs.put(name, { document: {}, ifMatch: 0 }, "u1")).rejects.toMatchObject({
        code: "CONFIG_INVALID",
      });
    expect(await configs.list()).toEqual([]);
  });

  test("takes names that mean something to JavaScript as data", async () => {
    await using store = await open();
    const { put, configs } = server(store);
    const document = JSON.parse('{"__proto__":{"x":1},"constructor":{"$secret":{"value":"s"}}}') as JsonObject;
    await put(document, 0);
    expect(JSON.stringify((await configs.deliver("web")).document)).toBe(
      '{"__proto__":{"x":1},"constructor":{"$secret":{"value":"s"}}}',
    );
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});
