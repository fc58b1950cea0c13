import { describe, expect, test } from "vitest";
import { apiKit } from "../../../test/kit/api.ts";
import { goodPassword } from "../../../test/kit/access.ts";
import { insertWorkerEvents } from "../store/worker-events.ts";

const kit = apiKit();

describe("users", () => {
  test("are made, changed, given another password, and cut off", async () => {
    await using api = await kit.open();
    const root = await api.user("root", "admin");
    const body = { name: "Zoe", password: goodPassword, role: "viewer", labels: { site: "a" } };
    const made = await api.ask("POST", "/api/users", { auth: root.auth, body });
    expect(made).toMatchObject({ status: 201, json: { name: "zoe", role: "viewer", labels: { site: "a" } } });
    expect(made.text).not.toMatch(/argon2|password|totp/i);
    const path = `/api/users/${String(made.json["id"])}`;
    const change = async (to: object) => await api.ask("PATCH", path, { auth: root.auth, body: to });
    expect((await change({ role: "operator", labels: null })).json).toMatchObject({ role: "operator", labels: null });
    const session = await api.ask("POST", "/api/login", { body: { user: "zoe", password: goodPassword } });
    const zoe = { auth: { authorization: `Bearer ${session.json.token}` } };
    expect((await api.ask("GET", `${path}/sessions`, root)).json.items).toHaveLength(1);
    expect((await change({ disabled: true })).json).toMatchObject({ disabled: true });
    expect((await api.ask("GET", "/api/me", zoe)).status).toBe(401);
    await change({ disabled: false });
    const password = { password: "an entirely other one" };
    expect((await api.ask("POST", `${path}/password`, { auth: root.auth, body: password })).status).toBe(204);
    expect((await api.ask("POST", "/api/login", { body: { user: "zoe", ...password } })).status).toBe(200);
    expect((await api.ask("GET", "/api/users", root)).json.items.map(({ name }) => name)).toEqual(["root", "zoe"]);
    const own = `/api/users/${root.id}`;
    const last = await api.ask("PATCH", own, { auth: root.auth, body: { disabled: true } });
    expect(last).toMatchObject({ status: 409, json: { code: "LAST_ADMIN" } });
  });

  test("change their own password with the one they have, and keep this session only", async () => {
    await using api = await kit.open();
    const zoe = await api.user("zoe", "viewer");
    const other = await api.access.sessions.open(zoe.id, { source: "x", client: "y" }, false);
    const to = async (current: string) =>
      await api.ask("POST", "/api/me/password", {
        auth: zoe.auth,
        body: { current, password: "an entirely other one" },
      });
    expect((await to("not the right one")).json.code).toBe("LOGIN_REFUSED");
    expect((await to(goodPassword)).status).toBe(204);
    expect((await api.ask("GET", "/api/me", zoe)).status).toBe(200);
    expect((await api.ask("GET", "/api/me", { auth: { authorization: `Bearer ${other.token}` } })).status).toBe(401);
  });

  test("make API tokens that can do what their scopes say, and no more", async () => {
    await using api = await kit.open();
    const root = await api.user("root", "admin");
    const body = { name: "ci", scopes: ["workers:monitor"] };
    const made = await api.ask("POST", "/api/me/tokens", { auth: root.auth, body });
    const auth = { authorization: `Bearer ${made.json.token}` };
    expect((await api.ask("GET", "/api/me", { auth })).json).toMatchObject({
      kind: "token",
      levels: { workers: "monitor", users: "none" },
    });
    expect((await api.ask("GET", "/api/users", { auth })).status).toBe(403);
    expect((await api.ask("POST", "/api/me/tokens", { auth, body })).json.code).toBe("SESSION_NEEDED");
    const [listed] = (await api.ask("GET", "/api/me/tokens", root)).json.items;
    expect(listed).toMatchObject({ name: "ci", scopes: ["workers:monitor"] });
    expect((await api.ask("DELETE", `/api/me/tokens/${String(listed?.["id"])}`, root)).status).toBe(204);
    expect((await api.ask("GET", "/api/me", { auth })).status).toBe(401);
  });
});

describe("what others have", () => {
  test("an admin ends one session of a user, and lists and revokes tokens; nobody else does", async () => {
    await using api = await kit.open();
    const [root, zoe] = [await api.user("root", "admin"), await api.user("zoe", "operator")];
    const path = `/api/users/${zoe.id}`;
    const other = await api.access.sessions.open(zoe.id, { source: "x", client: "y" }, false);
    expect((await api.ask("DELETE", `${path}/sessions/${other.session.id}`, zoe)).status).toBe(403);
    expect((await api.ask("DELETE", `${path}/sessions/${other.session.id}`, root)).status).toBe(204);
    expect((await api.ask("GET", "/api/me", { auth: { authorization: `Bearer ${other.token}` } })).status).toBe(401);
    expect((await api.ask("GET", "/api/me", zoe)).status).toBe(200);
    // Another's session is none of hers.
    const wrong = await api.ask("DELETE", `${path}/sessions/${root.session}`, root);
    expect([wrong.status, wrong.json.code]).toEqual([404, "SESSION_NOT_FOUND"]);

    const body = { name: "ci", scopes: ["workers:monitor"] };
    const made = await api.ask("POST", "/api/me/tokens", { auth: zoe.auth, body });
    const listed = await api.ask("GET", `${path}/tokens`, root);
    expect(listed.json.items).toMatchObject([{ name: "ci", scopes: ["workers:monitor"] }]);
    expect(listed.text).not.toContain(made.json.token);
    const token = `${path}/tokens/${String(listed.json.items[0]?.["id"])}`;
    for (const [method, route] of [
      ["GET", `${path}/tokens`],
      ["DELETE", token],
    ] as const)
      expect((await api.ask(method, route, zoe)).status).toBe(403);
    expect((await api.ask("DELETE", token, root)).status).toBe(204);
    expect((await api.ask("DELETE", token, root)).json.code).toBe("API_TOKEN_NOT_FOUND");
    const auth = { authorization: `Bearer ${made.json.token}` };
    expect((await api.ask("GET", "/api/me", { auth })).status).toBe(401);
    const audited = (await api.ask("GET", "/api/audit?who=root&order=newest", root)).json.items;
    expect(audited.map(({ action }) => action)).toEqual(["token.revoke", "session.end"]);
  });
});

describe("enrolment", () => {
  test("tokens are made, listed without their secret, revoked; and a worker registers from where it is", async () => {
    await using api = await kit.open();
    const root = await api.user("root", "admin");
    const made = await api.ask("POST", "/api/enrolments", {
      auth: root.auth,
      body: { name: "lab-*", labels: { a: "b" } },
    });
    expect(made).toMatchObject({
      status: 201,
      json: { token: expect.stringMatching(/^fh1\./), enrolment: { name: "lab-*" } },
    });
    const list = await api.ask("GET", "/api/enrolments", root);
    expect(list.json.items).toHaveLength(1);
    expect(list.text).not.toMatch(/secret|fh1\./);
    const path = `/api/enrolments/${(made.json["enrolment"] as { id: string }).id}`;
    expect((await api.ask("DELETE", path, root)).status).toBe(204);
    expect((await api.ask("DELETE", path, root)).json.code).toBe("ENROLMENT_NOT_FOUND");
    expect((await api.ask("POST", "/api/enrol/challenge", { body: {} })).json).toEqual({ nonce: "n" });
    const registered = await api.ask("POST", "/api/enrol", { body: { name: "w" } });
    expect(registered.json).toEqual({ body: { name: "w" }, observed: "127.0.0.1" });
  });
});

describe("configurations", () => {
  test("are written from a version, compared, and put back; secrets are never shown", async () => {
    await using api = await kit.open();
    const [conf, viewer] = [await api.user("conf", "configurer"), await api.user("v", "viewer")];
    const path = "/api/worker-configs/main";
    const put = async (document: object, ifMatch?: string, auth = conf.auth) =>
      await api.ask("PUT", path, {
        auth,
        body: { document },
        headers: ifMatch === undefined ? {} : { "if-match": ifMatch },
      });
    expect((await put({ a: 1 })).json).toMatchObject({ status: 428, code: "CONFIG_IF_MATCH" });
    const secret = { $secret: { value: "hunter2" } };
    expect(await put({ a: 1, key: secret }, "0")).toMatchObject({
      status: 200,
      json: { version: 1 },
      headers: { etag: '"1"' },
    });
    expect(await put({ a: 2 }, '"1"', viewer.auth)).toMatchObject({ status: 403 });
    expect((await put({ a: 2 }, '"1"')).json).toMatchObject({ version: 2 });
    expect((await put({ a: 3 }, "1")).json).toMatchObject({
      code: "CONFIG_STALE",
      version: 2,
      changes: expect.any(Array),
    });
    const diff = await api.ask("GET", `${path}/diff?from=1&to=2`, viewer);
    expect(diff.json["changes"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: "/a", before: 1, after: 2 })]),
    );
    const back = await api.ask("POST", `${path}/rollback`, {
      auth: conf.auth,
      body: { to: 1 },
      headers: { "if-match": "2" },
    });
    expect(back.json).toMatchObject({ version: 3, document: { a: 1, key: { $secret: "set" } } });
    const versions = await api.ask("GET", `${path}/versions?limit=2`, viewer);
    expect(versions.json.items.map(({ version }) => version)).toEqual([3, 2]);
    expect((await api.ask("GET", `${path}/versions/1`, viewer)).text).not.toContain("hunter2");
    expect((await api.ask("GET", "/api/worker-configs", viewer)).json.items).toMatchObject([
      { name: "main", version: 3 },
    ]);
  });
});

describe("a worker", () => {
  test("has its labels and address changed, and its past shown", async () => {
    await using api = await kit.open();
    const root = await api.user("root", "admin");
    const id = await api.worker("w1");
    const change = { labels: { site: "b" }, address: "w1.example:8889" };
    const changed = await api.ask("PATCH", "/api/workers/w1", { auth: root.auth, body: change });
    expect(changed.json).toMatchObject({ id, labels: { site: "b" }, addresses: { configured: "w1.example:8889" } });
    api.presence.joined(id, 1);
    api.presence.stopped(id, 1, "for the night");
    await api.presence.flush();
    expect((await api.ask("GET", "/api/workers/w1", root)).json).toMatchObject({
      state: "stopped",
      cause: "for the night",
    });
    const events = await api.ask("GET", "/api/workers/w1/events", root);
    expect(events.json.items).toMatchObject([{ state: "stopped", cause: "for the night" }]);
    const now = Date.now();
    const share = await api.ask("GET", `/api/workers/w1/availability?from=${now - 1_000}&to=${now + 60_000}`, root);
    expect(share.json).toMatchObject({ spentMs: expect.objectContaining({ online: 0 }) });
    expect((await api.ask("GET", `/api/workers/w1/health?from=0&to=1&stepMs=0`, root)).json.code).toBe(
      "SERIES_INVALID",
    );
    expect((await api.ask("GET", `/api/workers/w1/health?from=0&to=60000`, root)).json["points"]).toEqual([]);
    const later = [2, 3].map((at) => ({ worker_id: id, at, state: "online", cause: `came ${at}` }));
    await insertWorkerEvents(api.store.db, later);
    const newest = async (query: string) =>
      (await api.ask("GET", `/api/workers/w1/events?order=newest&limit=2${query}`, root)).json;
    const last = await newest("");
    expect(last.items).toMatchObject([{ cause: "came 3" }, { cause: "came 2" }]);
    expect(await newest(`&cursor=${String(last["next"])}`)).toMatchObject({ items: [{ cause: "for the night" }] });
  });
});

describe("the audit", () => {
  test("is paged, exported and verified by who may", async () => {
    await using api = await kit.open();
    const [root, viewer] = [await api.user("root", "admin"), await api.user("v", "viewer")];
    for (let n = 0; n < 5; n++) await api.audit.record(root.id, "test", String(n), { n });
    const first = await api.ask("GET", "/api/audit?limit=3", root);
    const second = await api.ask("GET", `/api/audit?limit=3&cursor=${String(first.json["next"])}`, root);
    expect([...first.json.items, ...second.json.items].map(({ subject }) => subject)).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
    ]);
    expect((await api.ask("GET", "/api/audit/verify", root)).json).toMatchObject({ ok: true, rows: 5 });
    const lines = (await api.ask("GET", "/api/audit/export", root)).text.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { sequence: 1, detail: { n: 0 } },
      {},
      {},
      {},
      {},
    ]);
    for (const path of ["", "/verify", "/export"])
      expect((await api.ask("GET", `/api/audit${path}`, viewer)).status).toBe(403);
  });

  test("is searched by names of people and workers, the newest first, page by page", async () => {
    await using api = await kit.open();
    const [root, zoe] = [await api.user("root", "admin"), await api.user("zoe", "viewer")];
    const worker = await api.worker("north");
    await api.audit.record(zoe.id, "worker.shell", worker);
    await api.audit.record(`worker:${worker}`, "worker.refused", "x");
    await api.audit.record(root.id, "user.change", zoe.id);
    await api.audit.record(zoe.id, "worker.tcp", worker);
    const get = (query: string) => api.ask("GET", `/api/audit?${query}`, root);
    const found = async (query: string) => (await get(query)).json.items.map(({ sequence }) => sequence);
    expect(await found("who=Zoe")).toEqual([1, 4]);
    expect(await found(`who=${root.id}`)).toEqual([3]);
    expect(await found("who=north")).toEqual([2]);
    expect(await found("worker=north&order=newest")).toEqual([4, 2, 1]);
    expect(await found("act=worker.*&who=zoe&order=newest")).toEqual([4, 1]);
    expect(await found("who=nobody")).toEqual([]);
    const first = await get("worker=north&order=newest&limit=2");
    expect(await found(`worker=north&order=newest&limit=2&cursor=${String(first.json["next"])}`)).toEqual([1]);
    expect(await found("order=newest&before=3")).toEqual([2, 1]);
    const at = Number(first.json.items[0]?.["at"]);
    expect(await found(`from=${at + 1}`)).toEqual([]);
    expect(await found(`to=${at}`)).toHaveLength(4);
  });

  test.each([
    ["act=%25", "act"],
    ["act=User.Make", "act"],
    ["order=any", "order"],
    ["from=9&to=8", "from"],
    ["before=3", "before"],
    ["order=newest&after=3", "after"],
  ])("refuses %s, and names what is wrong with it", async (query, field) => {
    await using api = await kit.open();
    const root = await api.user("root", "admin");
    const { status, json } = await api.ask("GET", `/api/audit?${query}`, root);
    expect([status, json.code]).toEqual([400, "REQUEST_INVALID"]);
    expect(String(json["detail"])).toContain(field);
  });
});
