import { generateKeyPairSync, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type Registration, signProof, workerFingerprint, workerKeyText } from "#fleet";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { Audit } from "../audit/audit.ts";
import { accessOver } from "../auth/access.ts";
import { sealWith } from "../auth/seal.ts";
import { PendingWorkers, type PendingLimits } from "../registry/pending-workers.ts";
import { Presence } from "../registry/presence.ts";
import { Registry } from "../registry/registry.ts";
import type { Store } from "../store/store.ts";
import { openAuthority } from "./certificates.ts";
import { FirstRegistrations } from "./first-registrations.ts";
import { Members } from "./members.ts";
import { WorkerEntrance } from "./worker-entrance.ts";

/** The way in of a server, over a store. */
async function wayIn(store: Store, folder: string, limits: Partial<PendingLimits> = {}) {
  // Certificates of an authority of today are not for another day.
  const time = { now: Date.now() };
  const clock = { now: () => time.now, elapsed: () => time.now, sleep: () => Promise.resolve() };
  const audit = new Audit(store, clock);
  const presence = new Presence({ store, clock });
  const registry = new Registry({ store, audit, attendance: presence, clock });
  const members = new Members();
  const entrance = new WorkerEntrance({
    ...{ registry, members, clock, authority: await openAuthority(folder), serverNode: "server" },
  });
  const access = accessOver({ store, seal: sealWith(randomBytes(32)), clock });
  const pending = new PendingWorkers({ store, audit, nonces: registry.nonces, clock, limits });
  const first = new FirstRegistrations({ entrance, presence, pending, access, audit });
  const actions = async () =>
    (await store.db.selectFrom("audit").select(["action", "subject"]).orderBy("sequence").execute()).map(
      ({ action, subject }) => `${action} ${subject}`,
    );
  return { time, audit, registry, members, access, pending, first, entrance, actions };
}

type WayIn = Awaited<ReturnType<typeof wayIn>>;

/** A machine that wants in. */
function machine(name = "shed", keys = generateKeyPairSync("ed25519")) {
  const secret = randomBytes(32);
  const instance = randomBytes(16).toString("base64url");
  const ask = ({ entrance, first }: WayIn, more: Partial<Registration> = {}, from = "203.0.113.9") => {
    const { nonce } = entrance.challenge({ address: "127.0.0.1" });
    const said: Registration = {
      nonce,
      signature: signProof({ nonce, workerId: "", instance, secret }, keys.privateKey),
      publicKey: workerKeyText(keys.publicKey),
      forwardSecret: secret.toString("base64url"),
      instanceNonce: instance,
      name,
      machineIdHash: Buffer.from(name.padEnd(32).slice(0, 32)).toString("hex"),
      hostName: `${name}.example`,
      serviceVersion: "1",
      mode: "session",
      startedAtMs: 1,
      capabilities: [],
      labels: { site: "own", rack: "4" },
      helperSlots: 4,
      ...more,
    };
    return first.register(said, from);
  };
  return { ask, fingerprint: workerFingerprint(keys.publicKey) };
}

const refused = (code: string): unknown => expect.objectContaining({ code });

describeWithStores("a worker without a token (CAT-33)", ({ open }) => {
  test("that is removed while it registers has no place among the workers afterwards (CAT-41)", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const shed = machine();
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await server.pending.approve(shed.fingerprint, {}, "root");
    const { audit } = server;
    const record = audit.record.bind(audit);
    audit.record = async (...row) => {
      if (row[1] === "worker.register") await server.registry.remove(row[2], "root");
      await record(...row);
    };
    await expect(shed.ask(server)).rejects.toThrow(refused("EPOCH_UNKNOWN"));
    expect(server.members.size).toBe(0);
  });

  test("waits until a person approves its fingerprint, and is nobody until then", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const shed = machine();
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    expect(await server.pending.list()).toMatchObject([
      { fingerprint: shed.fingerprint, name: "shed", hostName: "shed.example", source: "203.0.113.9" },
    ]);
    // No task, no request, no road: there is no such worker.
    await expect(server.registry.find("shed")).rejects.toThrow(refused("WORKER_NOT_FOUND"));
    expect(server.members.keyOf("shed")).toBeUndefined();
    expect(await server.registry.list()).toEqual([]);
    // Asking again changes nothing, and makes no second entry.
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    expect(await server.pending.list()).toHaveLength(1);

    await server.pending.approve(shed.fingerprint, { name: "brno-1", labels: { site: "brno" } }, "u1");
    const registered = await shed.ask(server);
    expect(registered).toMatchObject({ name: "brno-1", labels: { site: "brno", rack: "4" } });
    expect(server.members.keyOf("brno-1")).toBeDefined();
    // Its answer got lost: it is the same worker, and no second one.
    expect(await shed.ask(server)).toMatchObject({ workerId: registered.workerId });
    expect(await server.actions()).toEqual([
      `worker.pending ${shed.fingerprint}`,
      `worker.approve ${shed.fingerprint}`,
      `worker.register ${registered.workerId}`,
      `worker.register ${registered.workerId}`,
    ]);
  });

  test("an approval is for one key: another machine that calls itself the same still waits", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const [shed, impostor] = [machine(), machine()];
    await expect(impostor.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await server.pending.approve(shed.fingerprint, {}, "u1");
    await expect(impostor.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    expect(await shed.ask(server)).toMatchObject({ name: "shed" });
  });

  test("an approval is for the name that was listed, whatever the worker claims by then", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const shed = machine();
    await expect(shed.ask(server, { name: "my shed*" })).rejects.toThrow(refused("ENROLMENT_PENDING"));
    const [listed] = await server.pending.list();
    await server.pending.approve(shed.fingerprint, {}, "u1");
    expect(listed?.name).toBe("my-shed-");
    expect(await shed.ask(server, { name: "database" })).toMatchObject({ name: "my-shed-" });
  });

  test("an approval does not give a worker the place of another, of whose machine it says it is", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const [shed, thief] = [machine(), machine("thief")];
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await server.pending.approve(shed.fingerprint, {}, "u1");
    const { workerId } = await shed.ask(server);
    const machineIdHash = Buffer.from("shed".padEnd(32)).toString("hex");
    const claim = { machineIdHash, sameMachine: "replace" } as const;
    await expect(thief.ask(server, claim)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await server.pending.approve(thief.fingerprint, {}, "u1");
    await expect(thief.ask(server, claim)).rejects.toThrow(refused("MACHINE_KNOWN"));
    // It came without a token: it is told what would help, and not of a token of its own.
    await expect(thief.ask(server, claim)).rejects.toThrow(
      /what lets it in .* shed: an enrolment token with --may-replace/,
    );
    expect(await shed.ask(server)).toMatchObject({ workerId, name: "shed" });
  });

  test("nobody gets another's key onto the list: the request must be signed with it, for a fresh nonce", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const stranger = generateKeyPairSync("ed25519");
    const publicKey = workerKeyText(stranger.publicKey);
    await expect(machine().ask(server, { publicKey })).rejects.toThrow(refused("REGISTRATION_REFUSED"));
    const nonce = randomBytes(32).toString("base64url");
    await expect(machine().ask(server, { nonce })).rejects.toThrow(refused("REGISTRATION_NONCE"));
    expect(await server.pending.list()).toEqual([]);
  });

  test("one that is rejected stays out, and hears so", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const shed = machine();
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await server.pending.reject(shed.fingerprint, "u1");
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_REFUSED"));
    await expect(server.pending.approve(shed.fingerprint, {}, "u1")).rejects.toThrow(refused("PENDING_NOT_FOUND"));
  });

  test("one that was removed does not come back by its old approval", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const shed = machine();
    await expect(shed.ask(server)).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await server.pending.approve(shed.fingerprint, {}, "u1");
    const { workerId } = await shed.ask(server);
    await server.registry.remove(workerId, "u1");
    await expect(shed.ask(server)).rejects.toThrow(refused("WORKER_REMOVED"));
  });

  test("few wait at once: by address, in all, and new ones within a minute; who gives up makes room", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path, { all: 4, ofSource: 2, perMinute: 6 });
    const come = async (from: string): Promise<string> =>
      await machine()
        .ask(server, {}, from)
        .then(
          () => "in",
          ({ code }) => code,
        );
    expect(await come("203.0.113.1")).toBe("ENROLMENT_PENDING");
    expect(await come("203.0.113.1")).toBe("ENROLMENT_PENDING");
    expect(await come("203.0.113.1")).toBe("PENDING_FULL");
    expect(await come("203.0.113.2")).toBe("ENROLMENT_PENDING");
    expect(await come("203.0.113.3")).toBe("ENROLMENT_PENDING");
    expect(await come("203.0.113.4")).toBe("PENDING_FULL");
    server.time.now += 11 * 60_000;
    await server.pending.sweep();
    expect(await server.pending.list()).toEqual([]);
    expect(await come("203.0.113.4")).toBe("ENROLMENT_PENDING");
  });

  test("an address that is refused does not use up what may come within a minute", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path, { ofSource: 1, perMinute: 2 });
    const come = (from: string) => machine().ask(server, {}, from);
    await expect(come("203.0.113.1")).rejects.toThrow(refused("ENROLMENT_PENDING"));
    for (let n = 0; n < 3; n++) await expect(come("203.0.113.1")).rejects.toThrow(refused("PENDING_FULL"));
    await expect(come("203.0.113.2")).rejects.toThrow(refused("ENROLMENT_PENDING"));
    await expect(come("203.0.113.3")).rejects.toThrow(refused("PENDING_FULL"));
  });

  test("a server may want none of them", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path, { all: 0 });
    await expect(machine().ask(server)).rejects.toThrow(refused("PENDING_FULL"));
  });
});

describeWithStores("a service account (CAT-3, CAT-33)", ({ open }) => {
  const account = async ({ access }: WayIn, scopes: string[], labels: Record<string, string> | null = null) => {
    const user = await access.accounts.create({ name: "fleet", password: null, role: "admin", labels });
    const { token } = await access.apiTokens.make(user.id, { name: "pods", scopes, expiresAt: null });
    return { user: "fleet", password: token };
  };

  test("is not refused for a database that does not answer: then it would not try again", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const given = await account(server, ["enrolment:admin"]);
    await store.db.schema.alterTable("api_token").renameTo("elsewhere").execute();
    await expect(machine("pod").ask(server, { account: given })).rejects.toThrow(/api_token/);
    await store.db.schema.alterTable("elsewhere").renameTo("api_token").execute();
    await machine("pod").ask(server, { account: given });
  });

  test("lets workers in with its name and a token for that alone, under its own labels", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const given = await account(server, ["enrolment:admin"], { site: "brno" });
    const first = await machine("pod").ask(server, { account: given });
    expect(first).toMatchObject({ name: "pod", labels: { site: "brno", rack: "4" } });
    // A container that was started again without its folder takes the place of the one before (CAT-104).
    expect(await machine("pod").ask(server, { account: given })).toMatchObject({ workerId: first.workerId, epoch: 2 });
  });

  test("is refused alike for a wrong name, a wrong token, and a token for other things", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const given = await account(server, ["workers:admin", "configurations:admin"]);
    for (const shown of [given, { ...given, user: "admin" }, { ...given, password: `${given.password}x` }])
      await expect(machine("pod").ask(server, { account: shown })).rejects.toThrow(refused("CREDENTIAL_INVALID"));
    expect(await server.registry.list()).toEqual([]);
  });

  test("is refused when its role is not an admin's, whatever the token says", async () => {
    await using folder = await tempFolder();
    await using store = await open();
    const server = await wayIn(store, folder.path);
    const { access } = server;
    const user = await access.accounts.create({ name: "op", password: null, role: "operator", labels: null });
    const scopes = ["enrolment:admin"];
    const { token } = await access.apiTokens.make(user.id, { name: "t", scopes, expiresAt: null });
    const shown = { user: "op", password: token };
    await expect(machine("pod").ask(server, { account: shown })).rejects.toThrow(refused("CREDENTIAL_INVALID"));
  });
});
