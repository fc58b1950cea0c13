import { expect, test } from "vitest";
import { apiKit, eventually } from "../../../test/kit/api.ts";
import { cancel, enrol, entitledServer, follow, machine } from "../../../test/kit/entitled-server.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import type { RegistrationRequest } from "../registry/registration.ts";
import { workerEvents } from "../store/worker-events.ts";

const kit = apiKit();

describeWithStores("entitlements", ({ open }) => {
  test("CAT-96, CAT-100: presets are switched live, and the API itself refuses", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, "preset: open");
    const { api, workers, write, pairs } = all;
    const worker = await enrol(all, "w1", "system");
    const user = await api.user("root", "admin");
    expect(await cancel(api, user, worker)).toBe("forwarded");
    expect(workers.asked.at(-1)?.asker).toMatchObject({
      entitled: ["remote.monitor", "remote.operate", "remote.configure"],
    });
    const tunnel = await follow(api, user, worker);
    await write("preset: locked");
    // Cut, with the reason; and refused from then on.
    expect(await tunnel.next()).toMatchObject({ problem: { code: "NOT_ENTITLED" } });
    await tunnel.closed;
    const before = workers.asked.length;
    expect(await cancel(api, user, worker)).toBe("NOT_ENTITLED");
    expect(workers.asked).toHaveLength(before);
    const look = api.ask("GET", `/api/workers/${worker}/units/AbCd1234/output`, { auth: user.auth });
    await eventually(() => pairs.length).toBe(2);
    pairs[1]?.worker.end();
    expect((await look).status).toBe(200);
    expect(workers.asked.at(-1)).toMatchObject({ method: "units.results", asker: { entitled: ["remote.monitor"] } });
    await write("preset: open");
    await eventually(() => cancel(api, user, worker)).toBe("forwarded");
    const { json } = await api.ask("GET", "/api/audit?limit=500", { auth: user.auth });
    expect(json.items.map(({ detail }) => detail)).toContainEqual({
      code: "NOT_ENTITLED",
      feature: "remote.operate",
      method: "units.cancel",
    });
  });

  test("CAT-97: a lone container is open; a second worker shuts it and cuts its streams; without that it is open", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, "preset: catdv-like");
    const { api, registry, pairs } = all;
    const user = await api.user("root", "admin");
    const first = await enrol(all, "first");
    expect(await cancel(api, user, first)).toBe("forwarded");
    const tunnel = await follow(api, user, first);
    await eventually(() => pairs.length).toBe(1);
    const second = await enrol(all, "second");
    const problem = { code: "NOT_ENTITLED", detail: expect.stringMatching(/^entitlement/) };
    expect(await tunnel.next()).toMatchObject({ problem });
    await pairs[0]?.closed;
    expect(await cancel(api, user, first)).toBe("NOT_ENTITLED");
    expect(await cancel(api, user, second)).toBe("NOT_ENTITLED");
    for (const worker of [first, second]) {
      const events = await workerEvents(store.db, 0, 100, worker);
      expect(events.map(({ cause }) => cause)).toContainEqual(expect.stringMatching(/^entitlement: .*not the only/));
    }
    await registry.remove(second, "u1");
    expect(await cancel(api, user, first)).toBe("forwarded");
  });

  test("CAT-97: one worker that is no container is only looked at, unless it is entitled", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, "preset: catdv-like");
    const { api, write } = all;
    const user = await api.user("root", "admin");
    const worker = await enrol(all, "desk", "system");
    expect(await cancel(api, user, worker)).toBe("NOT_ENTITLED");
    await write("preset: catdv-like\nremote.operate: true");
    await eventually(() => cancel(api, user, worker)).toBe("forwarded");
  });

  test("CAT-99: output that is watched, and a payload on its way, go on when the entitlement ends", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, "preset: open");
    const { api, workers, write, pairs } = all;
    const user = await api.user("root", "admin");
    const worker = await enrol(all, "w1");
    workers.answer = () => ({ unit: "AbCd1234", state: "started" });
    const gate: { open?: () => void } = {};
    const held = new Promise<void>((resolve) => (gate.open = resolve));
    const payload = (async function* () {
      yield Buffer.from('--x\r\ncontent-disposition: form-data; name="request"\r\n\r\n{"workType":"cat"}\r\n');
      yield Buffer.from('--x\r\ncontent-disposition: form-data; name="payload"; filename="p"\r\n\r\nfirst ');
      await held;
      yield Buffer.from("last\r\n--x--\r\n");
    })();
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    const submitted = api.ask("POST", `/api/workers/${worker}/units`, { auth: user.auth, headers, raw: payload });
    const output = api.ask("GET", `/api/workers/${worker}/units/AbCd1234/output?follow=true`, { auth: user.auth });
    await eventually(() => workers.payloads[0]?.bytes).toBeGreaterThan(0);
    await eventually(() => pairs.length).toBe(1);
    await write("preset: locked");
    await eventually(() => cancel(api, user, worker)).toBe("NOT_ENTITLED");
    gate.open?.();
    pairs[0]?.worker.end("all of it");
    expect(await output).toMatchObject({ status: 200, text: "all of it" });
    expect(await submitted).toMatchObject({ status: 201 });
    expect(workers.payloads[0]).toMatchObject({ bytes: 10, whole: true });
  });

  test("CAT-95: beyond workers.max nobody comes in, at once neither; whoever is in comes back, and tokens are kept", async () => {
    await using store = await open();
    await using all = await entitledServer(kit, store, "workers.max: 2");
    const { registry, presence, token } = all;
    const names = ["a", "b", "c", "d", "e"];
    const tokens = new Map(await Promise.all(names.map(async (name) => [name, await token()] as const)));
    const machines = new Map(names.map((name) => [name, machine(name)]));
    const enter = async (name: string, more: Partial<RegistrationRequest>) =>
      await registry.register((machines.get(name) as ReturnType<typeof machine>)(registry, more), "10.0.0.5");
    const withToken = (name: string) => enter(name, { token: tokens.get(name) as { id: string; secret: string } });
    const ends = await Promise.allSettled(names.map(withToken));
    const refused = ends.filter((end) => end.status === "rejected");
    expect(refused).toHaveLength(3);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "NOT_ENTITLED", status: 403 });
    const inside = await registry.list();
    expect(inside).toHaveLength(2);
    const [first] = inside;
    if (!first) throw new Error("nobody came in");
    presence.cut(first.id, first.epoch);
    expect(await enter(first.name, { workerId: first.id })).toMatchObject({ workerId: first.id, epoch: 2 });
    const outside = names.find((name) => inside.every((worker) => worker.name !== name)) as string;
    await registry.remove(first.id, "u1");
    expect(await withToken(outside)).toMatchObject({ name: outside });
  });
});
