import { expect, test } from "vitest";
import { silentLog } from "#core";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { Audit } from "../audit/audit.ts";
import { sealWith } from "../auth/seal.ts";
import { ConfigDelivery } from "../line/config-delivery.ts";
import { Presence } from "../registry/presence.ts";
import { Registry } from "../registry/registry.ts";
import { auditRows } from "../store/audit.ts";
import type { Store } from "../store/store.ts";
import { insertWorker } from "../store/workers.ts";
import { configUsers } from "./config-status.ts";
import { Configurations } from "./configurations.ts";
import type { CanaryPlan } from "./rollout.ts";
import { Rollouts } from "./rollouts.ts";

const minute = 60_000;
const one: CanaryPlan = { choose: { count: 1 }, healthyForMs: minute };

/** A server over a store, its clock turned by hand; another one over the same store is what a restart leaves. */
function serverOver(store: Store, time: { now: number }) {
  const clock = { now: () => time.now, elapsed: () => time.now, sleep: () => Promise.resolve() };
  const audit = new Audit(store, clock);
  const presence = new Presence({ store, clock });
  const registry = new Registry({ store, audit, attendance: presence, clock });
  const changed: string[] = [];
  const tell = (name: string, version: number): void => void changed.push(`${name}@${version}`);
  const sealer = sealWith(new Uint8Array(32).fill(7));
  const common = { store, audit, presence, clock, changed: tell };
  const configurations = new Configurations({ ...common, sealer, validate: () => {}, schemaVersion: 1 });
  const told: string[] = [];
  const turned = (name: string): void => void told.push(`${name} turned`);
  const rollouts = new Rollouts({ ...common, configurations, turned, log: silentLog });
  const reported = (name: string): void => void told.push(`${name} reported`);
  const delivery = new ConfigDelivery({ store, registry, configurations, rollouts, clock, reported });
  const put = (n: number, ifMatch: number, canary?: CanaryPlan) =>
    configurations.put("web", { document: { n }, ifMatch, canary }, "u1");
  /** The version that each worker is given. */
  const given = async (...ids: string[]) =>
    await Promise.all(
      ids.map(async (id) => {
        const delivered = await delivery.fetch(id, { have: 0 });
        return delivered.state === "new" ? delivered.version : delivered.state;
      }),
    );
  const say = (id: string, version: number, outcome: "applied" | "pending" | "failed", detail = "") =>
    delivery.report(id, { version, outcome, detail });
  return { audit, presence, configurations, rollouts, delivery, changed, told, put, given, say };
}

async function worker(store: Store, id: string, labels: Record<string, string> = { "farhand/config": "web" }) {
  const texts = { public_key: id, machine_id: "", instance: "", mode: "cloud", version: "1", cause: "" };
  const addresses = { reported_address: null, observed_address: null, configured_address: null };
  const numbers = { epoch: 1, created_at: 0, seen_at: null, cloneable: 0, state_since: 0 };
  const named = { id, name: id, node: id, state: "online", enrolment_id: "e", labels: JSON.stringify(labels) };
  await insertWorker(store.db, { ...named, ...texts, ...addresses, ...numbers });
}

/** One that keeps a file of its own, whatever its label says. */
const ofItsOwn = async (store: Store, id: string): Promise<void> => {
  await worker(store, id);
  await store.db.updateTable("worker").set({ mode: "system" }).where("id", "=", id).execute();
};

async function threeWorkers(store: Store) {
  for (const id of ["w1", "w2", "w3"]) await worker(store, id);
  const time = { now: 1_000_000 };
  const server = serverOver(store, time);
  await server.put(1, 0);
  return { time, ...server };
}

describeWithStores("a roll-out", ({ open }) => {
  test("tells when it was paused or resumed, and when a worker says something new of its version", async () => {
    await using store = await open();
    const { put, say, rollouts, told } = await threeWorkers(store);
    await put(2, 1, one);
    await rollouts.pause("web", "u1");
    await rollouts.pause("web", "u1");
    expect(told).toEqual(["web turned"]);
    await rollouts.resume("web", "u1");
    await say("w1", 2, "pending", "it drains");
    await say("w1", 2, "pending", "it drains");
    expect(told).toEqual(["web turned", "web turned", "web reported"]);
  });

  test("gives the version to one worker, and to all when that was well for long enough (CAT-80)", async () => {
    await using store = await open();
    const { put, given, say, rollouts, time, audit } = await threeWorkers(store);
    await put(2, 1, one);
    expect(await given("w1", "w2", "w3")).toEqual([2, 1, 1]);
    await rollouts.look();
    expect(await rollouts.get("web")).toMatchObject({
      ...{ version: 2, base: 1, state: "canary", canaries: ["w1"] },
      next: { step: "wait", why: "w1 has not said what became of it" },
    });
    await say("w1", 2, "applied");
    time.now += minute - 1;
    await rollouts.look();
    expect(await given("w1", "w2", "w3")).toEqual([2, 1, 1]);
    time.now += 1;
    await rollouts.look();
    expect(await rollouts.get("web")).toMatchObject({ state: "done", next: null });
    expect(await given("w1", "w2", "w3")).toEqual([2, 2, 2]);
    expect((await auditRows(store, 0, 100)).map(({ action }) => action)).toContain("config.rollout.continue");
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  test("stops at the first failure, touches nobody else, and goes back by a version like the one before (CAT-80)", async () => {
    await using store = await open();
    const { put, given, say, rollouts, configurations, changed } = await threeWorkers(store);
    await put(2, 1, one);
    await say("w1", 2, "failed", "/workTypes: no such program");
    expect(await rollouts.get("web")).toMatchObject({
      state: "failed",
      reason: "w1 does not take it: /workTypes: no such program",
    });
    expect(await configurations.get("web")).toMatchObject({
      ...{ version: 3, document: { n: 1 }, author: "server" },
      comment: "as version 1: the roll-out of version 2 failed: w1 does not take it: /workTypes: no such program",
    });
    expect(await given("w1", "w2", "w3")).toEqual([3, 3, 3]);
    expect(changed).toEqual(["web@1", "web@2", "web@3"]);
    // The next one may be written at once.
    expect(await put(4, 3)).toMatchObject({ version: 4 });
  });

  test("goes on after a restart of the server, from what the database says", async () => {
    await using store = await open();
    const { put, say, time } = await threeWorkers(store);
    await put(2, 1, one);
    await say("w1", 2, "applied");
    const next = serverOver(store, time);
    await next.presence.load();
    time.now += minute;
    await next.rollouts.look();
    expect(await next.given("w1", "w2", "w3")).toEqual([2, 2, 2]);
  });

  test("goes back when a worker that has it first is lost, and not when one of the others is", async () => {
    await using store = await open();
    const { put, say, rollouts, presence, time } = await threeWorkers(store);
    await put(2, 1, one);
    await say("w1", 2, "applied");
    const pass = async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds; n++) {
        time.now += 1_000;
        presence.check();
      }
      await rollouts.look();
    };
    presence.joined("w1", 1);
    presence.joined("w2", 1);
    await pass(40);
    presence.heard("w1", 1);
    await pass(10);
    expect(await rollouts.get("web")).toMatchObject({ state: "canary" });
    await pass(60);
    expect(await rollouts.get("web")).toMatchObject({ state: "failed", reason: "w1 was lost" });
  });

  test("is paused, resumed, finished and aborted by people; who did is audited", async () => {
    await using store = await open();
    const { put, given, say, rollouts, time } = await threeWorkers(store);
    await put(2, 1, one);
    await say("w1", 2, "applied");
    expect(await rollouts.pause("web", "u2")).toMatchObject({ state: "paused" });
    time.now += 2 * minute;
    await rollouts.look();
    expect(await given("w1", "w2")).toEqual([2, 1]);
    expect(await rollouts.resume("web", "u2")).toMatchObject({ state: "canary" });
    await rollouts.look();
    expect(await given("w1", "w2")).toEqual([2, 2]);
    await put(3, 2, one);
    expect(await rollouts.finish("web", "u2")).toMatchObject({ state: "done" });
    expect(await given("w1", "w2")).toEqual([3, 3]);
    await put(4, 3, one);
    expect(await rollouts.abort("web", "u2")).toMatchObject({ state: "aborted" });
    expect(await given("w1", "w2")).toEqual([5, 5]);
    for (const act of ["pause", "resume", "finish", "abort"] as const)
      await expect(rollouts[act]("web", "u2")).rejects.toMatchObject({ code: "ROLLOUT_NONE" });
    const acts = (await auditRows(store, 0, 100)).filter(({ actor }) => actor === "u2").map(({ action }) => action);
    expect(acts).toEqual([
      "config.rollout.pause",
      "config.rollout.resume",
      "config.rollout.continue",
      "config.put",
      "config.rollout.abort",
    ]);
  });

  test("chooses by labels too, among workers that are there; without any the version is not written", async () => {
    await using store = await open();
    const { put, given, presence, configurations } = await threeWorkers(store);
    await worker(store, "w0", { "farhand/config": "web", site: "brno" });
    await worker(store, "x1", { "farhand/config": "other", site: "brno" });
    await ofItsOwn(store, "a0");
    await expect(put(2, 1, { choose: { labels: { site: "none" } }, healthyForMs: 0 })).rejects.toMatchObject({
      code: "CANARY_NONE",
    });
    const brno: CanaryPlan = { choose: { labels: { site: "brno" } }, healthyForMs: 0 };
    presence.joined("w0", 1);
    presence.stopped("w0", 1, "for the night");
    await expect(put(2, 1, brno)).rejects.toMatchObject({ code: "CANARY_NONE" });
    expect(await configurations.get("web")).toMatchObject({ version: 1 });
    presence.joined("w0", 2);
    await put(2, 1, brno);
    expect(await given("w0", "w1", "x1")).toEqual([2, 1, "none"]);
  });

  test("keeps others from writing until it has ended, and the first version of a name from being tried", async () => {
    await using store = await open();
    const { put, configurations } = await threeWorkers(store);
    await put(2, 1, one);
    await expect(put(3, 2)).rejects.toMatchObject({ code: "ROLLOUT_OPEN", status: 409 });
    await expect(configurations.rollback("web", 1, 2, "u1")).rejects.toMatchObject({ code: "ROLLOUT_OPEN" });
    const first = configurations.put("new", { document: {}, ifMatch: 0, canary: one }, "u1");
    await expect(first).rejects.toMatchObject({ code: "CANARY_NONE" });
  });

  test("is ended once by two servers that see the same failure", async () => {
    await using store = await open();
    const { put, rollouts, configurations, delivery, time } = await threeWorkers(store);
    await put(2, 1, one);
    const second = serverOver(store, time);
    await delivery.report("w1", { version: 2, outcome: "pending", detail: "takes effect after a restart" });
    await store.db.updateTable("config_outcome").set({ outcome: "failed", detail: "no" }).execute();
    await Promise.all([rollouts.look(), second.rollouts.look()]);
    expect(await rollouts.get("web")).toMatchObject({ state: "failed" });
    expect(await configurations.history("web")).toHaveLength(3);
  });
});

describeWithStores("the workers of a configuration", ({ open }) => {
  test("are shown with what became of the version at each, why, and what they go by (CAT-79)", async () => {
    await using store = await open();
    const server = await threeWorkers(store);
    const { put, say, presence } = server;
    for (const id of ["w1", "w2", "w3"]) await say(id, 1, "applied");
    await put(2, 1);
    await say("w1", 2, "applied");
    await say("w2", 2, "failed", "/log/level: no");
    await say("w2", 2, "failed", "/log/level: no");
    await say("w3", 2, "pending", "takes effect after a drain");
    presence.joined("w3", 1);
    expect(await configUsers({ ...server, store }, "web")).toMatchObject([
      { name: "w1", state: "online", wanted: 2, running: 2, outcome: { version: 2, outcome: "applied" } },
      { name: "w2", wanted: 2, running: 1, outcome: { outcome: "failed", detail: "/log/level: no" } },
      { name: "w3", wanted: 2, running: 2, outcome: { outcome: "pending", detail: "takes effect after a drain" } },
    ]);
    // What is said again is no event again.
    const events = await store.db.selectFrom("worker_event").selectAll().where("worker_id", "=", "w2").execute();
    expect(events.filter(({ cause }) => cause.includes("failed"))).toHaveLength(1);
    expect(await configUsers({ ...server, store }, "unwritten")).toEqual([]);
  });
});
