import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { apiKit, eventually } from "../../../test/kit/api.ts";
import { cancel, enrol, entitledServer, follow, machine } from "../../../test/kit/entitled-server.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { workerEvents } from "../store/worker-events.ts";
import type { Entitlements } from "./entitlements.ts";

const kit = apiKit();
const dayMs = 86_400_000;
const catdv = "preset: catdv-like";

const said = ({ held }: Entitlements): (string | undefined)[] => held.map(({ fault }) => fault);

describeWithStores("signed entitlements", ({ open }) => {
  test("CAT-98, CAT-100: one that is entered opens what the preset leaves to it, and taking it away shuts it and cuts", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, catdv);
    const { api, workers, entitlements, issuer } = all;
    const user = await api.user("root", "admin");
    const desk = await enrol(all, "desk", "system");
    const asked = await api.ask("POST", `/api/workers/${desk}/units/AbCd1234/cancel`, { auth: user.auth });
    expect(asked.json).toMatchObject({ code: "NOT_ENTITLED", detail: expect.stringContaining("no entitlement was") });
    await entitlements.enter(issuer.sign(), user.id);
    expect(await cancel(api, user, desk)).toBe("forwarded");
    expect(workers.asked.at(-1)?.asker.entitled).toContain("remote.configure");
    const tunnel = await follow(api, user, desk);
    await entitlements.remove("acme-1", user.id);
    expect(await tunnel.next()).toMatchObject({ problem: { code: "NOT_ENTITLED" } });
    await tunnel.closed;
    expect(await cancel(api, user, desk)).toBe("NOT_ENTITLED");
    await expect(entitlements.remove("acme-1", user.id)).rejects.toMatchObject({ code: "ENTITLEMENT_NOT_FOUND" });
    const { json } = await api.ask("GET", "/api/audit?limit=500", { auth: user.auth });
    const actions = json.items.map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["entitlement.enter", "entitlement.remove"]));
  });

  test("CAT-98: altered, signed by an unknown key, or for another server it is not taken; in the file it does not count", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, catdv);
    const { api, entitlements, issuer, writeEntitlement } = all;
    const user = await api.user("root", "admin");
    const desk = await enrol(all, "desk", "system");
    const good = issuer.sign();
    const [head, payload = "", signature] = good.split(".");
    const wider = Buffer.from(payload, "base64url").toString().replace("remote.operate", "remote.monitor");
    const altered = [head, Buffer.from(wider).toString("base64url"), signature].join(".");
    const stranger = issuer.sign({}, generateKeyPairSync("ed25519").privateKey);
    const elsewhere = issuer.sign({ audience: "ffff-4567-89ab-cdef-0123-4567-89ab-cdef" });
    const bad = { altered, stranger, elsewhere, nonsense: "licence" };
    for (const text of Object.values(bad)) {
      await expect(entitlements.enter(text, user.id)).rejects.toMatchObject({ code: "ENTITLEMENT_REFUSED" });
      await writeEntitlement(text);
      await entitlements.look();
      expect(said(entitlements)).toEqual([expect.any(String)]);
      expect(await cancel(api, user, desk)).toBe("NOT_ENTITLED");
    }
    await writeEntitlement(good);
    await eventually(() => cancel(api, user, desk)).toBe("forwarded");
  });

  test("CAT-99: it counts a day longer; what runs when it ends goes on, and only what is new is refused", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, catdv);
    const { api, entitlements, issuer, clock, pairs } = all;
    const user = await api.user("root", "admin");
    const desk = await enrol(all, "desk", "system");
    await entitlements.enter(issuer.sign({ notAfter: Date.now() + 20 * dayMs }), user.id);
    const tunnel = await follow(api, user, desk);
    const told = async () =>
      (await api.ask("GET", "/api/audit?limit=500", { auth: user.auth })).json.items
        .map(({ action }) => action)
        .filter((action) => String(action).startsWith("entitlement."));
    clock.aheadMs = 7 * dayMs;
    await entitlements.look();
    expect(await told()).toEqual(["entitlement.enter", "entitlement.ending"]);
    clock.aheadMs = 20.9 * dayMs;
    expect(await cancel(api, user, desk)).toBe("forwarded");
    clock.aheadMs = 21.1 * dayMs;
    await entitlements.look();
    expect(await cancel(api, user, desk)).toBe("NOT_ENTITLED");
    expect(await told()).toHaveLength(2 + 1);
    // Looking on, and what is open, even when something else changes.
    const output = api.ask("GET", `/api/workers/${desk}/units/AbCd1234/output?follow=true`, { auth: user.auth });
    await enrol(all, "second", "system");
    await eventually(() => pairs.length).toBe(2);
    pairs[1]?.worker.end("still watched");
    expect(await output).toMatchObject({ status: 200, text: "still watched" });
    pairs[0]?.worker.write("still open");
    expect(await tunnel.bytes()).toEqual(Buffer.from("still open"));
  });

  test("CAT-99: before its beginning it is early, and the next one may be entered while the last one counts", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, catdv);
    const { entitlements, issuer, clock } = all;
    const now = Date.now();
    await entitlements.enter(issuer.sign({ id: "old", notAfter: now + 30 * dayMs }), "u1");
    await entitlements.enter(
      issuer.sign({ id: "new", notBefore: now + 30 * dayMs, features: ["helpers.remote"] }),
      "u1",
    );
    expect(entitlements.granted()?.features).toEqual(["remote.operate", "remote.configure"]);
    expect(entitlements.why("helpers.remote")).toMatch(/^the entitlement new begins at/);
    clock.aheadMs = 40 * dayMs;
    expect(entitlements.granted()?.features).toEqual(["helpers.remote"]);
    expect(entitlements.why("remote.operate")).toMatch(/^the entitlement old ended at/);
  });

  test("CAT-98: a worker's own counts for it alone, and no more when it comes without or is removed", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, catdv);
    const { api, registry, presence, entitlements, issuer, token, clock } = all;
    const user = await api.user("root", "admin");
    const request = machine("licensed", "system");
    const entitlement = issuer.sign();
    const { workerId, epoch } = await registry.register(request(registry, { token: await token(), entitlement }), "a");
    const other = await enrol(all, "other", "system");
    expect(await cancel(api, user, workerId)).toBe("forwarded");
    expect(await cancel(api, user, other)).toBe("NOT_ENTITLED");
    clock.aheadMs = 370 * dayMs;
    await entitlements.look();
    const causes = async () => (await workerEvents(store.db, 0, 100, workerId)).map(({ cause }) => cause);
    expect(await causes()).toContainEqual(expect.stringMatching(/^entitlement: .* has ended/));
    clock.aheadMs = 0;
    presence.cut(workerId, epoch);
    await registry.register(request(registry, { workerId }), "a");
    expect(await cancel(api, user, workerId)).toBe("NOT_ENTITLED");
    presence.cut(workerId, epoch + 1);
    await registry.register(request(registry, { workerId, entitlement }), "a");
    expect(await cancel(api, user, workerId)).toBe("forwarded");
    await registry.remove(workerId, user.id);
    expect(entitlements.held).toEqual([]);
  });

  test("CAT-95: workers.max as entitled is what the entitlement says, none without one; who is in stays in", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, `${catdv}\nworkers.max: entitled`);
    const { registry, entitlements, issuer } = all;
    await expect(enrol(all, "a")).rejects.toMatchObject({ code: "NOT_ENTITLED" });
    await entitlements.enter(issuer.sign({ limits: { "workers.max": 1 } }), "u1");
    await enrol(all, "a");
    await expect(enrol(all, "b")).rejects.toMatchObject({ code: "NOT_ENTITLED" });
    await entitlements.remove("acme-1", "u1");
    expect(await registry.list()).toHaveLength(1);
  });

  test("CAT-96, CAT-99: the preset open asks for none, and an operator's own yes or no is not asked about", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, "preset: open");
    const { api, write } = all;
    const user = await api.user("root", "admin");
    const desk = await enrol(all, "desk", "system");
    expect(await cancel(api, user, desk)).toBe("forwarded");
    await all.entitlements.enter(all.issuer.sign(), user.id);
    await write(`${catdv}\nremote.operate: false`);
    await eventually(() => cancel(api, user, desk)).toBe("NOT_ENTITLED");
    await write("preset: locked");
    expect(await cancel(api, user, desk)).toBe("NOT_ENTITLED");
  });
});
