import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "#core";
import { AssertionChecker, assertionKey, register, signAssertion } from "#fleet";
import { sealWith } from "../../../src/server/auth/seal.ts";
import { openStore } from "../../../src/server/store/store.ts";
import { Identity } from "../../../src/worker/agent/identity.ts";
import { Instance } from "../../../src/worker/agent/instance.ts";
import { eventually } from "../../kit/api.ts";
import { hostileFrom, type HostileWorker } from "../../kit/hostile-worker.ts";
import { type JoinedWorker, type WholeServer, wholeServer } from "../../kit/whole-server.ts";

/** What somebody can do who has stolen one part, and nothing else: each tries with exactly that (CAT-64). */
let server: WholeServer;
let shed: JoinedWorker;
let barn: JoinedWorker;

beforeAll(async () => {
  server = await wholeServer();
  shed = await server.worker("shed");
  barn = await server.worker("barn");
}, 120_000);
afterAll(() => server?.[Symbol.asyncDispose]());

test("a stolen state folder of a worker is that worker, when that is away, and nobody else (CAT-64, CAT-39)", async () => {
  const loot = async (name: string): Promise<string> => {
    const folder = join(server.folder.path, name);
    await cp(shed.stateDir, join(folder, "state"), { recursive: true });
    return folder;
  };
  const { lines } = server.running.core;
  {
    // While the worker lives, its double does not get in, and the worker does not notice.
    await using double = await hostileFrom(await loot("double"));
    await expect(double.converse()).rejects.toBeInstanceOf(Error);
    expect([lines.isConnected(shed.workerId), shed.worker.agentState.state]).toEqual([true, "registered"]);
    // Nothing in the folder opens the API.
    for (const text of [double.membership.workerId, double.membership.node, JSON.stringify(double.membership)]) {
      const auth = { authorization: `Bearer ${Buffer.from(text).toString("base64url").slice(0, 200)}` };
      expect((await server.ask("GET", "/api/workers", { auth })).status).toBe(401);
    }
  }

  // Once the worker is away the thief can be it, and nobody else: neither by registering nor by calling.
  await shed.worker.close("stopped");
  await using thief = await hostileFrom(await loot("heir"));
  const taken = await thief.converse();
  const other = taken.call(register, registrationAs(thief));
  await expect(other).rejects.toMatchObject({ code: "REGISTRATION_REFUSED" });
  const dial = thief.mesh.dial("barn", "fleet", { tls: "farhand-fleet", signal: AbortSignal.timeout(5_000) });
  await expect(dial).rejects.toBeInstanceOf(Error);
  expect([lines.isConnected(barn.workerId), barn.worker.agentState.state]).toEqual([true, "registered"]);
  // An admin who removes it is rid of both.
  await server.running.core.registry.remove(shed.workerId, "u1");
  expect(lines.isConnected(shed.workerId)).toBe(false);
  await eventually(() => server.running.core.mesh.hasRoute("shed")).toBe(false);
});

/** The form of a registration by the thief's own key. */
function registrationAs({ identity }: HostileWorker) {
  const self = {
    name: "barn",
    labels: {},
    mode: "session" as const,
    version: "0.1.0",
    capabilities: [],
    helperSlots: 1,
  };
  const nonce = server.running.core.entrance.challenge({ address: "127.0.0.1" });
  return new Instance(1).registration(identity.key(), nonce, self, { workerId: barn.workerId });
}

test("a stolen database without the key opens nothing and signs nothing (CAT-64, CAT-37)", async () => {
  const { access, enrolments } = server.running.core;
  const ann = await server.user("ann", "admin");
  await access.factors.begin(ann.id);
  await access.apiTokens.make(ann.id, { name: "t", scopes: ["*:admin"], expiresAt: null });
  await enrolments.make({ name: "later" }, ann.id);
  // Kept apart while the server goes on, as a backup is.
  const path = join(server.folder.path, "stolen.db");
  await cp(join(server.folder.path, "server.db"), path);
  await cp(join(server.folder.path, "server.db-wal"), `${path}-wal`).catch(() => {});
  await using stolen = await openStore({ kind: "sqlite", path }, silentLog);
  const values: (string | Uint8Array)[] = [];
  for (const { name } of await stolen.db.introspection.getTables())
    for (const row of await stolen.db
      .selectFrom(name as "user")
      .selectAll()
      .execute())
      values.push(...Object.values(row).filter((value) => typeof value === "string" || value instanceof Uint8Array));
  expect(values.length).toBeGreaterThan(50);

  const checker = new AssertionChecker({
    ...{ workerId: barn.workerId, epoch: 1, key: barn.instance.assertionKey, serverNow: () => Date.now() },
  });
  const claims = {
    ...{ aud: barn.workerId, epoch: 1, sid: "s", sub: ann.id, name: "ann", roles: ["admin"], max: "admin" as const },
    ...{ amr: ["pwd"], auth: 1, m: "worker.stop" },
  };
  const doors = new Set<number>();
  for (const value of new Set(values)) {
    const text = typeof value === "string" ? value : Buffer.from(value).toString("base64url");
    const key = typeof value === "string" ? Buffer.from(value) : value;
    for (const signing of [key, assertionKey(key)]) {
      const forged = signAssertion(claims, Buffer.from("{}"), signing, Date.now());
      expect(() => checker.check(forged, "worker.stop", Buffer.from("{}"))).toThrow(/not signed by the server/);
    }
    if (!/^[\w.~+/-]{1,200}$/.test(text)) continue;
    for (const credential of [text, `fhs_${text}`, `fht_${text}`])
      doors.add((await server.ask("GET", "/api/me", { auth: { authorization: `Bearer ${credential}` } })).status);
  }
  expect([...doors]).toEqual([401]);

  // Secrets of second factors are sealed by a key that is in no database.
  const row = await stolen.db.selectFrom("user").selectAll().where("id", "=", ann.id).executeTakeFirstOrThrow();
  const place = `user:${ann.id}:totp`;
  for (const key of [new Uint8Array(32), Buffer.from(ann.id.padEnd(32).slice(0, 32))])
    expect(() => sealWith(key).open(row.totp_secret ?? Buffer.alloc(0), place)).toThrow(Error);
  // And what an enrolment is known by is not what it is shown by.
  const enrolment = await stolen.db.selectFrom("enrolment").selectAll().where("name", "=", "later").executeTakeFirst();
  const secret = Buffer.from(enrolment?.secret_hash ?? "", "hex").toString("base64url");
  const body = { ...(await registrationForm()), token: { id: enrolment?.id ?? "", secret } };
  expect((await server.ask("POST", "/api/enrol", { body })).json.code).toBe("ENROLMENT_REFUSED");
});

async function registrationForm() {
  const identity = new Identity(join(server.folder.path, "forger"));
  const self = {
    name: "later",
    labels: {},
    mode: "session" as const,
    version: "0.1.0",
    capabilities: [],
    helperSlots: 1,
  };
  const challenge = (await server.ask("POST", "/api/enrol/challenge", { body: {} })).json as unknown as {
    nonce: string;
  };
  return new Instance(1).registration(identity.key(), challenge, self, {});
}
