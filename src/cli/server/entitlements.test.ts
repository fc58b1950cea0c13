import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog } from "#core";
import { readEntitlement } from "#fleet";
import { startServer } from "#server";
import { type CliSession, cliSession } from "../../../test/kit/cli-session.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";

/** Somebody on a fresh machine, with an entitlement that somebody else has signed for its server. */
async function withEntitlement(session: CliSession, folder: string, dataDir: string) {
  const { out: serverId } = await session.farhand("server", "entitlement", "--data-dir", dataDir);
  const key = join(folder, "issuer.pem");
  expect(await session.farhand("entitlements", "key", key)).toMatchObject({ exit: 0 });
  const words = ["--id", "acme-1", "--holder", "Acme", "--server", serverId.trim(), "--feature", "remote.operate"];
  const signed = await session.farhand("entitlements", "sign", key, ...words, "--life", "90d");
  const file = join(folder, "acme.entitlement");
  await writeFile(file, signed.out);
  return { key, file, serverId: serverId.trim(), words };
}

test("CAT-98, CAT-101: on a fresh machine one is signed and entered before the server was ever started, and counts then", async () => {
  await using folder = await tempFolder();
  const session = cliSession(folder.path);
  const dataDir = folder.file("server");
  const { key, file } = await withEntitlement(session, folder.path, dataDir);
  const judged = ["--data-dir", dataDir, "--entitlement-key", `${key}.pub`];
  expect(await session.farhand("server", "entitlement", file, ...judged)).toMatchObject({ exit: 0 });
  const policy = folder.file("policy.yaml");
  await writeFile(policy, "preset: catdv-like\n");
  const server = await startServer({
    ...{ dataDir, store: { kind: "sqlite", path: join(dataDir, "farhand.db") }, policy, log: silentLog, version: "1" },
    ...{ listen: { host: "127.0.0.1", port: 0 }, entitlementKeys: [`${key}.pub`] },
  });
  try {
    const password = folder.file("password");
    await writeFile(password, `${server.firstAdmin?.password}\n`, { mode: 0o600 });
    const ca = ["--ca", server.core.authority.files.certificate, "--user", "admin", "--password-file", password];
    expect(await session.farhand("login", server.url, ...ca)).toMatchObject({ exit: 0 });
    const listed = JSON.parse((await session.farhand("entitlements", "--json")).out);
    expect(listed).toMatchObject({ faults: [], items: [{ id: "acme-1", state: "in force", holder: "Acme" }] });
    expect(server.core.policy.allowed("remote.operate")).toBe(true);
    expect(await session.farhand("entitlements", "remove", "acme-1")).toMatchObject({ exit: 0 });
    expect(server.core.policy.allowed("remote.operate")).toBe(false);
    expect(await session.farhand("entitlements", "add", file)).toMatchObject({ exit: 0 });
    expect(server.core.policy.allowed("remote.operate")).toBe(true);
    const table = await session.farhand("entitlements");
    expect(table.out).toMatch(/acme-1 +Acme +in force .* remote.operate +any +entered/);
  } finally {
    await server.close();
  }
});

test("CAT-98: one for another server is not entered; the private key is for its owner, and never written over", async () => {
  await using folder = await tempFolder();
  const session = cliSession(folder.path);
  const { key, file } = await withEntitlement(session, folder.path, folder.file("server"));
  const elsewhere = await session.farhand("server", "entitlement", file, "--data-dir", folder.file("another"));
  expect(elsewhere).toMatchObject({ exit: 2 });
  expect(elsewhere.err.join()).toContain("it is for the server");
  expect((await stat(key)).mode & 0o777).toBe(0o600);
  const before = await readFile(key, "utf8");
  expect(await session.farhand("entitlements", "key", key)).toMatchObject({ exit: 2 });
  expect(await readFile(key, "utf8")).toBe(before);
});

test("CAT-98: what rests on something that is not given, and what has no end, is not signed", async () => {
  await using folder = await tempFolder();
  const session = cliSession(folder.path);
  const { key, words } = await withEntitlement(session, folder.path, folder.file("server"));
  const configure = words.map((word) => (word === "remote.operate" ? "remote.configure" : word));
  const ungrounded = await session.farhand("entitlements", "sign", key, ...configure, "--life", "1d");
  expect(ungrounded.err.join()).toContain("rests on remote.operate");
  for (const unfit of [[], ["--life", "1d", "--until", "2030-01-01"], ["--until", "soon"], ["--until", "1990-01-01"]])
    expect(await session.farhand("entitlements", "sign", key, ...words, ...unfit)).toMatchObject({ exit: 2, out: "" });
});

test("CAT-101, CAT-12: a worker that is set up with nothing yet takes one, into its own file", async () => {
  await using folder = await tempFolder();
  const session = cliSession(folder.path);
  const { file } = await withEntitlement(session, folder.path, folder.file("server"));
  const own = cliSession(folder.file("c"));
  Object.assign(own.env, { XDG_STATE_HOME: folder.file("s"), XDG_RUNTIME_DIR: folder.file("r") });
  const entered = await own.farhand("worker", "entitlement", file, "--session");
  expect(entered).toMatchObject({ exit: 0, out: expect.stringContaining("remote.operate") });
  const text = await readFile(join(folder.file("c"), "farhand/worker.yaml"), "utf8");
  const kept = /fhe1\.[\w.-]+/.exec(text)?.[0] ?? "";
  expect(readEntitlement(kept).document).toMatchObject({ id: "acme-1" });
  await writeFile(file, "fhe1.only-half");
  expect(await own.farhand("worker", "entitlement", file, "--session")).toMatchObject({ exit: 2 });
});
