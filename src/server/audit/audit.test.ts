import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { type AuditChoice, searchAudit } from "../store/audit-search.ts";
import { openStore, type Store } from "../store/store.ts";
import { Audit } from "./audit.ts";
import { auditHash } from "./chain.ts";
import { canonicalJson, type Json } from "#core";

const clock = { now: () => 1_000 };

async function filled(store: Store, rows: number): Promise<Audit> {
  const audit = new Audit(store, clock);
  for (let n = 1; n <= rows; n++) await audit.record("u1", "worker.remove", `w${n}`, { n });
  return audit;
}

describeWithStores("the audit", ({ kind, settings, open }) => {
  test("words of strangers that no database takes as they are neither break the chain nor keep others out of it", async () => {
    await using store = await open();
    const audit = new Audit(store);
    const strange = ["a\0b", "half \ud83d", "\udc00\ud800"];
    await Promise.all([
      audit.record("u", "test", "before"),
      ...strange.map((word) => audit.record(word, "test", word, { said: word })),
      audit.record("u", "test", "after"),
    ]);
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 5 });
    const said: unknown[] = [];
    for await (const line of audit.export()) said.push((JSON.parse(line) as { detail: { said?: string } }).detail.said);
    // A detail is JSON, which has a way to write them.
    expect(said).toEqual([undefined, ...strange, undefined]);
  });

  test("takes what happened, in order, and verifies", async () => {
    await using store = await open();
    const audit = await filled(store, 3);
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 3 });
    const lines: string[] = [];
    for await (const line of audit.export()) lines.push(line);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { sequence: 1, at: 1_000, actor: "u1", action: "worker.remove", subject: "w1", detail: { n: 1 } },
      { sequence: 2, subject: "w2" },
      { sequence: 3, subject: "w3" },
    ]);
    expect(lines.every((line) => line.endsWith("}\n"))).toBe(true);
  });

  test("is whole when it is empty", async () => {
    await using store = await open();
    expect(await new Audit(store).verify()).toEqual({ ok: true, rows: 0, head: "0".repeat(64) });
  });

  test("stores what comes at once in few transactions, each when its row is there", async () => {
    await using store = await open();
    const audit = new Audit(store, clock);
    await Promise.all(Array.from({ length: 1_500 }, (_, n) => audit.record("u", "a", String(n))));
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 1_500 });
  });

  test("rows that may wait are stored before any that is recorded later, and before the end", async () => {
    await using store = await open();
    const audit = new Audit(store, clock);
    const soon = ["1", "2"].map((subject) => audit.recordSoon("u", "forward", subject));
    await audit.record("u", "a", "3");
    await Promise.all(soon);
    const alone = audit.recordSoon("u", "forward", "4");
    await alone;
    const last = audit.recordSoon("u", "forward", "5");
    await audit.flush();
    await last;
    const lines: string[] = [];
    for await (const line of audit.export()) lines.push(line);
    expect(lines.map((line) => (JSON.parse(line) as { subject: string }).subject)).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("is one chain also when several write it at the same time", async () => {
    const place = await settings();
    await using one = await openStore(place, silentLog);
    // The embedded database is one server's.
    await using another = kind === "sqlite" ? undefined : await openStore(place, silentLog);
    const two = another ?? one;
    const audits = [new Audit(one), new Audit(two), new Audit(two)];
    const writing = Array.from({ length: 300 }, async (_, n) => {
      await new Promise((next) => setImmediate(next));
      await audits[n % 3]?.record("u", "a", String(n));
    });
    // Also while others write, it is whole.
    expect(await audits[0]?.verify()).toMatchObject({ ok: true });
    await Promise.all(writing);
    expect(await audits[1]?.verify()).toMatchObject({ ok: true, rows: 300 });
  });

  test.each<[string, (store: Store) => Promise<unknown>, object]>([
    ["a row gone", ({ db }) => db.deleteFrom("audit").where("sequence", "=", 3).execute(), missing(3)],
    ["rows gone", ({ db }) => db.deleteFrom("audit").where("sequence", "in", [2, 3]).execute(), missing(2)],
    ["the first gone", ({ db }) => db.deleteFrom("audit").where("sequence", "=", 1).execute(), missing(1)],
    ["its end gone", ({ db }) => db.deleteFrom("audit").where("sequence", ">", 3).execute(), missing(4)],
    ["all gone", ({ db }) => db.deleteFrom("audit").execute(), missing(1)],
    ["another actor", ({ db }) => change(db, { actor: "u2" }), { sequence: 2, fault: "altered" }],
    ["another detail", ({ db }) => change(db, { detail: '{"n":9}' }), { sequence: 2, fault: "altered" }],
    ["another time", ({ db }) => change(db, { at: 7 }), { sequence: 2, fault: "altered" }],
    ["no head", ({ db }) => db.deleteFrom("audit_head").execute(), { sequence: 0, fault: "missing" }],
    ["a forged end", forgeEnd, { sequence: 6, fault: "added" }],
    ["a row rewritten with its hash", rewrite, { sequence: 3, fault: "unchained" }],
  ])("names what is wrong: %s", async (_name, damage, expected) => {
    await using store = await open();
    const audit = await filled(store, 5);
    await damage(store);
    expect(await audit.verify()).toMatchObject({ ok: false, ...expected });
  });

  test("is searched by who, what, worker and time, from either end", async () => {
    await using store = await open();
    let now = 0;
    const audit = new Audit(store, { now: () => now });
    const rows = [
      ["u1", "user.make", "u2"],
      ["u1", "user.change", "u2"],
      ["u2", "worker.shell", "w1"],
      ["worker:w1", "worker.refused", "w2"],
      ["u1", "worker.shell", "w2"],
      ["u1", "username.make", "u3"],
    ] as const;
    for (const [actor, action, subject] of rows) {
      now += 10;
      await audit.record(actor, action, subject);
    }
    const found = async (choice: AuditChoice, order: "oldest" | "newest" = "oldest", behind?: number, limit = 10) =>
      (await searchAudit(store, choice, { order, behind, limit })).map(({ sequence }) => sequence);
    expect(await found({})).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await found({}, "newest", undefined, 2)).toEqual([6, 5]);
    expect(await found({}, "newest", 5, 2)).toEqual([4, 3]);
    expect(await found({ actors: ["u2", "worker:w1"] })).toEqual([3, 4]);
    expect(await found({ action: "user.make" })).toEqual([1]);
    expect(await found({ action: "user.*" }, "newest")).toEqual([2, 1]);
    expect(await found({ workerId: "w1" })).toEqual([3, 4]);
    expect(await found({ from: 20, to: 30 })).toEqual([2, 3]);
    expect(await found({ actors: ["u1"], action: "worker.*", from: 40 })).toEqual([5]);
    expect(await found({ actors: ["nobody"] })).toEqual([]);
  });

  test("forgets what is too old, says so, and is whole", async () => {
    await using store = await open();
    let now = 0;
    const audit = new Audit(store, { now: () => ++now });
    for (let n = 1; n <= 10; n++) await audit.record("u", "a", String(n));
    expect(await audit.dropBefore(8, 3)).toBe(3);
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 8 });
    expect(await audit.dropBefore(8)).toBe(4);
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 5 });
    await store.db.deleteFrom("audit").where("sequence", "=", 8).execute();
    expect(await audit.verify()).toMatchObject({ ok: false, ...missing(8) });
  });

  test("is whole also when its beginning is forgotten while it is read", async () => {
    await using store = await open();
    let now = 0;
    const audit = new Audit(store, { now: () => ++now });
    await Promise.all(Array.from({ length: 2_500 }, (_, n) => audit.record("u", "a", String(n))));
    const verified = audit.verify();
    expect(await audit.dropBefore(2_400)).toBe(2_399);
    expect(await verified).toMatchObject({ ok: true });
  });

  test("is read in parts, with turns for others between", async () => {
    await using store = await open();
    const audit = new Audit(store, clock);
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => audit.record("u", "a", String(n))));
    let turns = 0;
    const turning = setInterval(() => void turns++, 0);
    expect(await audit.verify()).toMatchObject({ ok: true });
    const whileVerified = turns;
    for await (const _line of audit.export());
    clearInterval(turning);
    expect(whileVerified).toBeGreaterThan(2);
    expect(turns - whileVerified).toBeGreaterThan(2);
  });

  test("takes no secret, whatever it is called, and nothing of the row is stored", async () => {
    await using store = await open();
    const audit = new Audit(store);
    class Secret {
      readonly #value = "hunter2";
      reveal = (): string => this.#value;
    }
    const bad = [new Secret(), Buffer.from("hunter2"), { $secret: { value: "hunter2" } }, () => "hunter2", 1n, NaN];
    for (const value of bad) {
      const recorded = audit.record("u", "a", "s", { deep: [{ value: value as Json }] });
      await expect(recorded).rejects.toMatchObject({ code: "AUDIT_DETAIL" });
      await expect(recorded).rejects.not.toThrow(/hunter2/);
    }
    await expect(audit.record("u", "a", "s", { big: "x".repeat(100_000) })).rejects.toMatchObject({
      code: "AUDIT_DETAIL",
    });
    await audit.record("u", "a", "s", { password: { $secret: "set" } });
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 1 });
  });
});

describe("canonical JSON", () => {
  test("is one text for one value, in whatever order it was made", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "é" }], a: true })).toBe('{"a":true,"b":[1,{"c":"é","d":null}]}');
  });

  test("says the same as JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const said: unknown = JSON.parse(canonicalJson(value as Json));
        expect(said).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

function missing(sequence: number): object {
  return { sequence, fault: "missing" };
}

function change(db: Store["db"], changed: { actor?: string; detail?: string; at?: number }): Promise<unknown> {
  return db.updateTable("audit").set(changed).where("sequence", "=", 2).execute();
}

/** A row behind the head, chained as it should be. */
async function forgeEnd({ db }: Store): Promise<void> {
  const last = await db.selectFrom("audit").selectAll().where("sequence", "=", 5).executeTakeFirstOrThrow();
  const row = { ...last, sequence: 6, previous: last.hash };
  await db
    .insertInto("audit")
    .values({ ...row, hash: auditHash(row) })
    .execute();
}

async function rewrite({ db }: Store): Promise<void> {
  const row = await db.selectFrom("audit").selectAll().where("sequence", "=", 2).executeTakeFirstOrThrow();
  const changed = { ...row, actor: "u2" };
  await db
    .updateTable("audit")
    .set({ ...changed, hash: auditHash(changed) })
    .where("sequence", "=", 2)
    .execute();
}
