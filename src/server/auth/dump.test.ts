import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { silentLog, totpCode } from "#core";
import { goodPassword, testAccess, unbase32 } from "../../../test/kit/access.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { openStore, type Store } from "../store/store.ts";

describeWithStores("who has a dump of the database", ({ settings }) => {
  test("has no password, token, code or secret, in no spelling", async () => {
    const place = await settings();
    await using store = await openStore(place, silentLog);
    const secrets = await everySecret(store);
    const dump = Buffer.concat([await dumpOf(store), ...(place.kind === "sqlite" ? filesOf(place.path) : [])]);
    expect(dump.includes("$argon2id$")).toBe(true);
    for (const secret of secrets)
      for (const spelling of spellings(secret)) expect(dump.includes(spelling), secret.toString()).toBe(false);
  });
});

/** Make one of each kind, and use them, so that they have been everywhere they get. */
async function everySecret(store: Store): Promise<Buffer[]> {
  const access = testAccess(store);
  const origin = { source: "192.0.2.1", client: "test" };
  const first = (await access.accounts.makeFirstAdmin())!;
  const { id } = await access.accounts.create({ name: "zoe", password: goodPassword, role: "admin", labels: null });
  const { secret, uri } = await access.factors.begin(id);
  const raw = unbase32(secret);
  const codes = await access.factors.confirm(id, totpCode(raw, access.clock.at));
  const login = { name: "zoe", password: goodPassword, code: codes[0]! };
  const { token, session } = await access.login.login(login, origin);
  const raised = await access.sessions.raise(session.id);
  const api = await access.apiTokens.make(id, { name: "t", scopes: ["*:admin"], expiresAt: null });
  await access.login.login({ name: "typed in the wrong field", password: "x" }, origin).catch(() => {});
  const tokens = [token, raised.token, api.token];
  const texts = [first.password, goodPassword, secret, uri, "typed in the wrong field", ...codes, ...tokens];
  const bare = codes.map((code) => code.replaceAll("-", ""));
  const inner = tokens.map((text) => text.slice(4));
  const bytes = inner.map((text) => Buffer.from(text, "base64url"));
  return [raw, ...bytes, ...[...texts, ...bare, ...inner].map((text) => Buffer.from(text))];
}

/** All rows of all tables, bytes as they are. */
async function dumpOf(store: Store): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const { name } of await store.db.introspection.getTables()) {
    const rows = await store.db
      .selectFrom(name as "user")
      .selectAll()
      .execute();
    for (const value of rows.flatMap((row) => Object.values(row)))
      parts.push(value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value)));
  }
  return Buffer.concat(parts);
}

function filesOf(path: string): Buffer[] {
  return ["", "-wal"].map((end) => readFileSync(path + end));
}

/** Hex in both cases; base64 in both alphabets, wherever in a group of three the secret begins. */
function spellings(secret: Buffer): (Buffer | string)[] {
  const hex = secret.toString("hex");
  const base64 = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString("base64url");
    // The first and last letters are shared with what stands beside it.
    const own = text.slice(before === 0 ? 0 : before + 1, -2);
    return [own, own.replaceAll("-", "+").replaceAll("_", "/")];
  });
  return [secret, hex, hex.toUpperCase(), ...base64];
}
