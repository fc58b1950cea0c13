import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { decodeEnrolmentToken, signProof } from "#fleet";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { Audit } from "../audit/audit.ts";
import type { Store } from "../store/store.ts";
import { workerEvents } from "../store/worker-events.ts";
import { Enrolments, type EnrolmentWish } from "./enrolments.ts";
import { Presence } from "./presence.ts";
import type { RegistrationRequest } from "./registration.ts";
import { Registry } from "./registry.ts";
import { dialAddress } from "./worker.ts";

/** A server, as far as it lets workers in. */
function server(store: Store) {
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now, elapsed: () => time.now, sleep: () => Promise.resolve() };
  const audit = new Audit(store, clock);
  const presence = new Presence({ store, clock });
  const enrolments = new Enrolments({ store, audit, clock });
  const registry = new Registry({ store, audit, attendance: presence, clock });
  const token = async (wish: EnrolmentWish = {}) => decodeEnrolmentToken((await enrolments.make(wish, "u1")).token);
  return { time, audit, presence, enrolments, registry, token };
}

/** One start of a worker, with the key of its state folder. */
function machine(name = "alpha", keys = generateKeyPairSync("ed25519")) {
  const spki = (key: KeyObject): string => key.export({ format: "der", type: "spki" }).toString("base64");
  const started = { instance: randomBytes(8).toString("hex"), secret: randomBytes(32) };
  const request = (registry: Registry, more: Partial<RegistrationRequest> = {}): RegistrationRequest => {
    const nonce = registry.nonces.give({ address: "127.0.0.1" });
    const machineId = `machine-of-${name}`;
    const said = { name, machineId, mode: "system", version: "1.0.0", labels: {}, ...started, ...more } as const;
    const signature = signProof({ nonce, workerId: said.workerId ?? "", ...started }, keys.privateKey);
    return { publicKey: spki(keys.publicKey), nonce, signature, ...said };
  };
  return { request, keys, ...started };
}

const refused = (code: string): unknown => expect.objectContaining({ code });

describeWithStores("registration", ({ open }) => {
  test("lets a worker in with a token once, and then by its key", async () => {
    await using store = await open();
    const { registry, token, presence } = server(store);
    const alpha = machine();
    const first = await registry.register(alpha.request(registry, { token: await token() }), "10.0.0.5");
    expect(first).toMatchObject({ name: "alpha", node: "alpha", epoch: 1, serverTime: 1_000_000 });
    const { workerId } = first;
    expect(presence.state(workerId)).toMatchObject({ state: "online" });
    const again = await registry.register(alpha.request(registry, { workerId }), "10.0.0.6");
    expect(again).toMatchObject({ workerId, name: "alpha", epoch: 2 });
    expect(await registry.list()).toMatchObject([
      { id: workerId, state: "online", addresses: { observed: "10.0.0.6" } },
    ]);
    expect(await workerEvents(store.db, 0, 10, workerId)).toMatchObject([
      { state: "online", cause: "enrolled from 10.0.0.5, epoch 1" },
      { state: "online", cause: "returned from 10.0.0.6, epoch 2" },
    ]);
  });

  test("keeps what it says it can do, as it said it last (CAT-32)", async () => {
    await using store = await open();
    const { registry, token } = server(store);
    const alpha = machine();
    const offer = { capabilities: ["run", "build"], helperSlots: 4 };
    const { workerId } = await registry.register(alpha.request(registry, { token: await token(), ...offer }), "a");
    const beta = await registry.register(machine("beta").request(registry, { token: await token() }), "a");
    expect(Object.fromEntries(await registry.offers([workerId, beta.workerId]))).toEqual({
      [workerId]: offer,
      [beta.workerId]: { capabilities: [], helperSlots: 0 },
    });
    await registry.register(alpha.request(registry, { workerId, capabilities: ["run"], helperSlots: 2 }), "a");
    expect((await registry.offers([workerId])).get(workerId)).toEqual({ capabilities: ["run"], helperSlots: 2 });
  });

  test("of two that use one token at the same time exactly one gets in", async () => {
    await using store = await open();
    const { registry, token, audit } = server(store);
    for (let round = 0; round < 5; round++) {
      const shared = await token();
      const both = [machine(`a${round}`), machine(`b${round}`)].map((one) =>
        registry.register(one.request(registry, { token: shared }), "10.0.0.5"),
      );
      const ends = await Promise.allSettled(both);
      expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(ends.find(({ status }) => status === "rejected")).toMatchObject({ reason: refused("ENROLMENT_REFUSED") });
    }
    expect(await registry.list()).toHaveLength(5);
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  test("a token that is used, expired, revoked or altered is refused alike", async () => {
    await using store = await open();
    const { registry, token, enrolments, time } = server(store);
    const enrol = async (given: { id: string; secret: string }) =>
      await registry.register(machine().request(registry, { token: given }), "10.0.0.5");
    const used = await token();
    await enrol(used);
    const revoked = await token();
    expect(await enrolments.revoke(revoked.id, "u1")).toBe(true);
    const altered = { ...(await token()), secret: randomBytes(32).toString("base64url") };
    const expired = await token();
    for (const given of [used, revoked, altered])
      await expect(enrol(given)).rejects.toThrow(refused("ENROLMENT_REFUSED"));
    time.now += 3_599_999;
    await enrol(await token({ name: "other" }));
    time.now += 1;
    await expect(enrol(expired)).rejects.toThrow(refused("ENROLMENT_REFUSED"));
  });

  test("tokens are listed without their secrets, with who used them", async () => {
    await using store = await open();
    const { registry, enrolments, token, time } = server(store);
    const given = await token({ name: "lab-*", labels: { zone: "lab" } });
    const { workerId } = await registry.register(machine("lab-1").request(registry, { token: given }), "10.0.0.5");
    const dates = { createdAt: time.now, expiresAt: time.now + 3_600_000, usedAt: time.now, createdBy: "u1" };
    const wish = { name: "lab-*", labels: { zone: "lab" }, cloneable: false, mayReplace: false };
    expect(await enrolments.list()).toEqual([{ id: given.id, ...wish, ...dates, usedBy: workerId, uses: 1 }]);
    const wrong: EnrolmentWish[] = [{ name: "a*b*" }, { name: "a b" }, { lifeMs: 0 }, { labels: { "a b": "" } }];
    for (const bad of wrong) await expect(token(bad)).rejects.toThrow(refused("ENROLMENT_INVALID"));
  });

  test("a worker whose answer got lost may ask again with its token; nobody else may", async () => {
    await using store = await open();
    const { registry, token } = server(store);
    const alpha = machine();
    const given = await token();
    const first = await registry.register(alpha.request(registry, { token: given }), "10.0.0.5");
    const second = await registry.register(alpha.request(registry, { token: given }), "10.0.0.5");
    expect(second).toMatchObject({ workerId: first.workerId, epoch: 2 });
  });

  test("a token can give the name, limit it, and give labels that win", async () => {
    await using store = await open();
    const { registry, token } = server(store);
    const enrol = async (name: string, wish: EnrolmentWish) =>
      await registry.register(
        machine(name).request(registry, { token: await token(wish), labels: { zone: "own", disk: "ssd" } }),
        "10.0.0.5",
      );
    expect(await enrol("x", { name: "build" })).toMatchObject({ name: "build" });
    expect(await enrol("y", { name: "build" })).toMatchObject({ name: "build-2" });
    expect(await enrol("lab-7", { name: "lab-*", labels: { zone: "lab" } })).toMatchObject({
      name: "lab-7",
      labels: { zone: "lab", disk: "ssd" },
    });
    await expect(enrol("web-7", { name: "lab-*" })).rejects.toThrow(refused("ENROLMENT_REFUSED"));
    expect(await enrol("a b/ü", {})).toMatchObject({ name: "a-b-" });
  });

  test("many of one name at the same time each get their own", async () => {
    await using store = await open();
    const { registry, token, enrolments } = server(store);
    const given = await token({ cloneable: true });
    const all = await Promise.all(
      Array.from({ length: 30 }, () => registry.register(machine("same").request(registry, { token: given }), "::1")),
    );
    expect(new Set(all.map(({ name }) => name)).size).toBe(30);
    expect(new Set(all.map(({ workerId }) => workerId)).size).toBe(30);
    expect(await enrolments.list()).toMatchObject([{ uses: 30 }]);
  });

  test("another key for a known id is refused, audited and noted with the worker", async () => {
    await using store = await open();
    const { registry, token, audit } = server(store);
    const alpha = machine();
    const { workerId } = await registry.register(alpha.request(registry, { token: await token() }), "10.0.0.5");
    const thief = machine();
    const publicKey = alpha.request(registry).publicKey;
    for (const more of [{ workerId }, { workerId, publicKey }])
      await expect(registry.register(thief.request(registry, more), "6.6.6.6")).rejects.toThrow(
        refused("REGISTRATION_REFUSED"),
      );
    const events = await workerEvents(store.db, 0, 10, workerId);
    expect(events[1]).toMatchObject({ state: "online", cause: expect.stringContaining("6.6.6.6") as string });
    const lines: string[] = [];
    for await (const line of audit.export()) lines.push(line);
    const rows = lines.map((line) => JSON.parse(line) as { action: string; subject: string });
    expect(rows.filter(({ action, subject }) => action === "worker.refused" && subject === workerId)).toHaveLength(2);
    expect((await registry.find(workerId)).epoch).toBe(1);
  });

  test("strangers without number are audited once a second from each address", async () => {
    await using store = await open();
    const { registry, audit, time } = server(store);
    const token = { id: "none", secret: randomBytes(32).toString("base64url") };
    const refusals = async (): Promise<number> => {
      let rows = 0;
      for await (const line of audit.export()) rows += Number(line.includes('"worker.refused"'));
      return rows;
    };
    for (const [from, more] of [
      ["6.6.6.6", 1],
      ["6.6.6.7", 1],
    ] as const) {
      const before = await refusals();
      for (let n = 0; n < 20; n++)
        await expect(registry.register(machine().request(registry, { token }), from)).rejects.toThrow(
          refused("ENROLMENT_REFUSED"),
        );
      expect((await refusals()) - before).toBe(more);
    }
    time.now += 1_000;
    await expect(registry.register(machine().request(registry, { token }), "6.6.6.6")).rejects.toThrow(
      refused("ENROLMENT_REFUSED"),
    );
    expect(await refusals()).toBe(3);
  });

  test("a registration that was overheard is worth nothing", async () => {
    await using store = await open();
    const { registry, token, time } = server(store);
    const alpha = machine();
    const { workerId } = await registry.register(alpha.request(registry, { token: await token() }), "10.0.0.5");
    const heard = alpha.request(registry, { workerId });
    await registry.register(heard, "10.0.0.5");
    const again = { ...heard, nonce: registry.nonces.give({ address: "127.0.0.1" }) };
    await expect(registry.register(heard, "6.6.6.6")).rejects.toThrow(refused("REGISTRATION_NONCE"));
    await expect(registry.register(again, "6.6.6.6")).rejects.toThrow(refused("REGISTRATION_REFUSED"));
    // Nor can the secret or the instance of it be exchanged for others.
    for (const changed of [{ secret: randomBytes(32) }, { instance: "other" }])
      await expect(
        registry.register({ ...alpha.request(registry, { workerId }), ...changed }, "6.6.6.6"),
      ).rejects.toThrow(refused("REGISTRATION_REFUSED"));
    const late = alpha.request(registry, { workerId });
    time.now += 60_000;
    await expect(registry.register(late, "10.0.0.5")).rejects.toThrow(refused("REGISTRATION_NONCE"));
  });

  test("what is not as it should be is refused with the name of the field", async () => {
    await using store = await open();
    const { registry } = server(store);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey;
    const der = rsa.export({ format: "der", type: "spki" }).toString("base64");
    const wrong: Partial<RegistrationRequest>[] = [
      { secret: randomBytes(31) },
      { publicKey: der },
      { publicKey: "" },
      { instance: "" },
      { name: "x".repeat(256) },
      { mode: "god" as "system" },
      { labels: { "": "x" } },
    ];
    for (const more of wrong)
      await expect(registry.register(machine().request(registry, more), "::1")).rejects.toThrow(
        new RegExp(Object.keys(more)[0] as string),
      );
  });
});

describeWithStores("two instances of a worker", ({ open }) => {
  test("the second is refused while the first lives, with both addresses", async () => {
    await using store = await open();
    const { registry, token, presence } = server(store);
    const alpha = machine();
    const { workerId } = await registry.register(alpha.request(registry, { token: await token() }), "10.0.0.5");
    const copy = machine("alpha", alpha.keys);
    const tried = registry.register(copy.request(registry, { workerId }), "10.0.0.9");
    await expect(tried).rejects.toThrow(refused("WORKER_DUPLICATE"));
    await expect(tried).rejects.toThrow(/10\.0\.0\.5.*10\.0\.0\.9/);
    // A restart is another instance too, and comes in as soon as the connection of the first has ended.
    presence.cut(workerId, 1);
    expect(await registry.register(copy.request(registry, { workerId }), "10.0.0.5")).toMatchObject({ epoch: 2 });
  });

  test("of two that come at the same time one gets in", async () => {
    await using store = await open();
    const { registry, token, presence } = server(store);
    const alpha = machine();
    const { workerId } = await registry.register(alpha.request(registry, { token: await token() }), "10.0.0.5");
    presence.cut(workerId, 1);
    const copies = [machine("alpha", alpha.keys), machine("alpha", alpha.keys), machine("alpha", alpha.keys)];
    const ends = await Promise.allSettled(
      copies.map((copy) => registry.register(copy.request(registry, { workerId }), "10.0.0.9")),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("each gets its own id when the token said so", async () => {
    await using store = await open();
    const { registry, token } = server(store);
    const alpha = machine();
    const given = await token({ cloneable: true });
    const first = await registry.register(alpha.request(registry, { token: given }), "10.0.0.5");
    const copy = machine("alpha", alpha.keys);
    const second = await registry.register(copy.request(registry, { workerId: first.workerId }), "10.0.0.9");
    expect(second).toMatchObject({ name: "alpha-2", epoch: 1 });
    expect(second.workerId).not.toBe(first.workerId);
  });

  test("a container without a folder comes back as itself once it is gone", async () => {
    await using store = await open();
    const { registry, token, presence } = server(store);
    const given = await token({ cloneable: true });
    const first = await registry.register(machine("web").request(registry, { token: given }), "10.0.0.5");
    presence.cut(first.workerId, 1);
    const second = await registry.register(machine("web").request(registry, { token: given }), "10.0.0.6");
    expect(second).toMatchObject({ workerId: first.workerId, name: "web", epoch: 2 });
    const foreign = await token({ cloneable: true });
    presence.cut(first.workerId, 2);
    expect(await registry.register(machine("web").request(registry, { token: foreign }), "::1")).toMatchObject({
      name: "web-2",
    });
  });
});

describeWithStores("the registry", ({ open }) => {
  test("keeps a removed worker away, frees its name, and lets it in with a new token", async () => {
    await using store = await open();
    const { registry, token, presence } = server(store);
    const alpha = machine();
    const { workerId } = await registry.register(alpha.request(registry, { token: await token() }), "10.0.0.5");
    await registry.remove("alpha", "u1");
    expect(presence.isLive(workerId)).toBe(false);
    expect(() => registry.keys.get(workerId)).toThrow(refused("EPOCH_UNKNOWN"));
    await expect(registry.register(alpha.request(registry, { workerId }), "::1")).rejects.toThrow(
      refused("WORKER_REMOVED"),
    );
    await expect(registry.find(workerId)).rejects.toThrow(refused("WORKER_NOT_FOUND"));
    expect(await registry.list()).toEqual([]);
    const again = await registry.register(alpha.request(registry, { token: await token() }), "::1");
    expect(again).toMatchObject({ name: "alpha", epoch: 1 });
    expect(again.workerId).not.toBe(workerId);
  });

  test("gives nobody the node of another key: its certificate outlives its place (CAT-34, CAT-41)", async () => {
    await using store = await open();
    const { registry, token, presence } = server(store);
    const enrol = async (wish: object, given: Parameters<typeof token>[0]) =>
      await registry.register(machine().request(registry, { token: await token(given), ...wish }), "10.0.0.5");
    const first = await enrol({}, {});
    expect(first).toMatchObject({ name: "alpha", node: "alpha" });
    await registry.remove("alpha", "u1");
    const second = await enrol({}, {});
    expect(second).toMatchObject({ name: "alpha", node: expect.stringMatching(/^alpha-[0-9a-f]{16}$/) as string });
    await registry.setLabels(second.workerId, { team: "press" }, "u1");
    presence.cut(second.workerId, 1);
    const third = await enrol({ sameMachine: "replace", labels: { team: "mine" } }, { mayReplace: true });
    expect(third).toMatchObject({ workerId: second.workerId, name: "alpha", labels: { team: "press" } });
    expect(new Set([first, second, third].map(({ node }) => node)).size).toBe(3);
  });

  test("offers a reinstalled machine its old entry, if the token allows it", async () => {
    await using store = await open();
    const { registry, token, presence } = server(store);
    const first = await registry.register(machine().request(registry, { token: await token() }), "10.0.0.5");
    // While the old one is connected it is another worker on the same machine.
    const beside = await registry.register(machine().request(registry, { token: await token() }), "10.0.0.5");
    expect(beside.name).toBe("alpha-2");
    await registry.remove(beside.workerId, "u1");
    presence.cut(first.workerId, 1);
    const narrow = await token();
    const wide = await token({ mayReplace: true });
    const enrol = (given: typeof wide, sameMachine?: "replace" | "add") =>
      registry.register(machine().request(registry, { token: given, ...(sameMachine && { sameMachine }) }), "10.0.0.7");
    await expect(enrol(wide)).rejects.toThrow(refused("MACHINE_KNOWN"));
    await expect(enrol(narrow, "replace")).rejects.toThrow(refused("MACHINE_KNOWN"));
    expect(await enrol(wide, "replace")).toMatchObject({ workerId: first.workerId, name: "alpha", epoch: 2 });
    expect((await workerEvents(store.db, 0, 10, first.workerId)).map(({ cause }) => cause)).toEqual([
      "enrolled from 10.0.0.5, epoch 1",
      "replaced from 10.0.0.7, epoch 2",
    ]);
    // The refusals did not use the tokens up.
    expect(await enrol(narrow, "add")).toMatchObject({ name: "alpha-2" });
  });

  test("dials only what a person said, whatever the worker says of its address", async () => {
    await using store = await open();
    const { registry, token } = server(store);
    const reportedAddress = "169.254.169.254:80";
    const request = machine().request(registry, { token: await token(), reportedAddress });
    const { workerId } = await registry.register(request, "10.0.0.5");
    const before = await registry.find(workerId);
    expect(before.addresses).toEqual({ reported: reportedAddress, observed: "10.0.0.5", configured: null });
    expect(dialAddress(before)).toBeUndefined();
    await registry.setAddress(workerId, "worker.example:8889", "u1");
    expect(dialAddress(await registry.find(workerId))).toBe("worker.example:8889");
    await expect(registry.setAddress(workerId, "http://x/y?z", "u1")).rejects.toThrow(refused("REGISTRATION_INVALID"));
  });

  test("holds forward secrets in memory only: after a restart the worker registers again", async () => {
    await using store = await open();
    const { registry, token } = server(store);
    const alpha = machine();
    const { workerId } = await registry.register(alpha.request(registry, { token: await token() }), "10.0.0.5");
    expect(registry.keys.get(workerId)).toMatchObject({ epoch: 1 });
    const tables = ["worker", "worker_event", "enrolment", "audit"] as const;
    const dump = await Promise.all(tables.map((table) => store.db.selectFrom(table).selectAll().execute()));
    for (const form of ["hex", "base64", "base64url"] as const)
      expect(JSON.stringify(dump)).not.toContain(alpha.secret.toString(form));
    const restarted = server(store).registry;
    expect(() => restarted.keys.get(workerId)).toThrow(refused("EPOCH_UNKNOWN"));
    await restarted.register(alpha.request(restarted, { workerId }), "10.0.0.5");
    expect(restarted.keys.get(workerId)).toMatchObject({ epoch: 2 });
  });
});
