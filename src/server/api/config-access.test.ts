import { describe, expect, test } from "vitest";
import { RemoteError } from "#fleet";
import { apiKit, type TestApi } from "../../../test/kit/api.ts";
import type { Labels, Role } from "../auth/roles.ts";

const kit = apiKit();
type Auth = Readonly<Record<string, string>>;

/** What of a configuration somebody may do: `-`, read, or write. */
async function may(api: TestApi, name: string, auth: Auth): Promise<"-" | "read" | "write"> {
  const path = `/api/worker-configs/${name}`;
  const read = await api.ask("GET", path, { auth });
  const version = read.status === 200 ? String(read.json["version"]) : "0";
  const body = { document: { at: version } };
  const write = await api.ask("PUT", path, { auth, body, headers: { "if-match": version } });
  if (write.status === 200) return "write";
  expect(write.json).toMatchObject({ status: 403, code: "LEVEL_TOO_LOW" });
  return read.status === 200 ? "read" : "-";
}

async function withConfigs(names: readonly string[] = ["web", "db", "idle"]) {
  const api = await kit.open();
  const root = await api.user("root", "admin");
  await api.worker("web-a", { "farhand/config": "web", site: "a" });
  await api.worker("web-b", { "farhand/config": "web", site: "b" });
  await api.worker("db-a", { "farhand/config": "db", site: "a" });
  for (const name of names) {
    const options = { auth: root.auth, body: { document: {} }, headers: { "if-match": "0" } };
    expect((await api.ask("PUT", `/api/worker-configs/${name}`, options)).status).toBe(200);
  }
  return { api, root };
}

describe("a configuration", () => {
  test.each<[Role, Labels | null, string, string, string]>([
    ["viewer", null, "read", "read", "read"],
    ["operator", null, "read", "read", "read"],
    ["configurer", null, "write", "write", "write"],
    ["admin", null, "write", "write", "write"],
    // Restricted to workers: nothing of what other workers go by, and no name of its own.
    ["admin", { site: "a" }, "-", "-", "-"],
    ["configurer", { site: "b" }, "-", "-", "-"],
    // The right to the name, and to all workers that go by it.
    ["configurer", { "farhand/config": "web" }, "write", "-", "-"],
    ["viewer", { "farhand/config": "web" }, "read", "-", "-"],
    ["configurer", { "farhand/config": "idle" }, "-", "-", "write"],
    // The right to the name, and to some of its workers only.
    ["configurer", { "farhand/config": "web", site: "a" }, "-", "-", "-"],
    ["configurer", { "farhand/config": "db", site: "a" }, "-", "write", "-"],
  ])("may a %s within %j: web %s, db %s, idle %s (CAT-81)", async (role, within, web, db, idle) => {
    const { api } = await withConfigs();
    await using _ = api;
    const { auth } = await api.user("ann", role, within);
    expect([await may(api, "web", auth), await may(api, "db", auth), await may(api, "idle", auth)]).toEqual([
      web,
      db,
      idle,
    ]);
    const seen = await api.ask("GET", "/api/worker-configs", { auth });
    const readable = [web, db, idle].flatMap((right, n) => (right === "-" ? [] : [["web", "db", "idle"][n]]));
    expect(new Set(seen.json.items.map(({ name }) => name))).toEqual(new Set(readable));
  });

  test.each<[string[], string, string]>([
    [["configurations:configure"], "-", "write"],
    [["workers:configure"], "-", "-"],
    [["configurations:configure", "workers:configure"], "write", "write"],
    [["configurations:configure", "workers:monitor"], "read", "write"],
    [["configurations/web:configure", "workers:configure"], "write", "-"],
    [["configurations/web:monitor", "workers:monitor"], "read", "-"],
    [["*:configure"], "write", "write"],
  ])("may a program with the scopes %j: web %s, idle %s (CAT-81)", async (scopes, web, idle) => {
    const { api, root } = await withConfigs();
    await using _ = api;
    const made = await api.ask("POST", "/api/me/tokens", { auth: root.auth, body: { name: "ci", scopes } });
    const auth = { authorization: `Bearer ${made.json.token}` };
    expect([await may(api, "web", auth), await may(api, "idle", auth)]).toEqual([web, idle]);
  });

  test("of which somebody may know nothing answers like one that is not there (CAT-51, CAT-81)", async () => {
    const { api } = await withConfigs();
    await using _ = api;
    const { auth } = await api.user("ann", "configurer", { "farhand/config": "other" });
    const paths = ["", "/versions", "/versions/1", "/diff?from=1&to=1", "/workers", "/rollout"];
    for (const path of paths) {
      const there = await api.ask("GET", `/api/worker-configs/web${path}`, { auth });
      const gone = await api.ask("GET", `/api/worker-configs/gone${path}`, { auth });
      expect([there.status, there.json.code], path).toEqual([403, "LEVEL_TOO_LOW"]);
      expect([gone.status, gone.json.code, gone.json["detail"]]).toEqual([403, "LEVEL_TOO_LOW", there.json["detail"]]);
    }
  });

  test("with its secrets is not had by giving its label to a worker of one's own (CAT-81)", async () => {
    const { api, root } = await withConfigs();
    await using _ = api;
    const mine = await api.worker("mine", { site: "a" });
    const ann = await api.user("ann", "admin", { site: "a" });
    const label = (auth: Auth, config: string) =>
      api.ask("PATCH", `/api/workers/${mine}`, { auth, body: { labels: { site: "a", "farhand/config": config } } });
    expect(await label(ann.auth, "web")).toMatchObject({ status: 403, json: { code: "LEVEL_TOO_LOW" } });
    expect(await label(root.auth, "web")).toMatchObject({ status: 200, json: { labels: { "farhand/config": "web" } } });
    // What it has already may stay, when another label changes.
    expect(await label(ann.auth, "web")).toMatchObject({ status: 200 });
  });

  test("is not had by letting in a worker with its label either (CAT-81)", async () => {
    const { api, root } = await withConfigs();
    await using _ = api;
    const body = { name: "ci", scopes: ["workers:admin"] };
    const made = await api.ask("POST", "/api/me/tokens", { auth: root.auth, body });
    const auth = { authorization: `Bearer ${made.json.token}` };
    const labels = { "farhand/config": "web" };
    const fingerprint = Array.from({ length: 8 }, () => "abcd").join("-");
    const approve = `/api/pending-workers/${fingerprint}/approve`;
    for (const path of ["/api/enrolments", approve])
      expect(await api.ask("POST", path, { auth, body: { labels } }), path).toMatchObject({
        ...{ status: 403, json: { code: "LEVEL_TOO_LOW" } },
      });
    expect(await api.ask("POST", "/api/enrolments", { auth, body: { labels: { site: "a" } } })).toMatchObject({
      status: 201,
    });
    expect(await api.ask("POST", "/api/enrolments", { auth: root.auth, body: { labels } })).toMatchObject({
      status: 201,
    });
    // Allowed, and nobody of that fingerprint waits.
    expect(await api.ask("POST", approve, { auth: root.auth, body: { labels } })).toMatchObject({ status: 404 });
  });
});

test("who is sent away is told by which rule, and who can change that (CAT-111)", async () => {
  const { api, root } = await withConfigs(["web"]);
  await using _ = api;
  const viewer = await api.user("v", "viewer");
  const put = { auth: viewer.auth, body: { document: {} }, headers: { "if-match": "1" } };
  expect((await api.ask("PUT", "/api/worker-configs/web", put)).json).toMatchObject({
    ...{ code: "LEVEL_TOO_LOW", rule: "CAT-54, level" },
    change: "an admin of this server, by your role or your token's scopes",
  });
  const rpc = { auth: root.auth, body: { method: "worker.status", params: {} } };
  expect((await api.ask("POST", "/api/workers/web-a/rpc", rpc)).json).toMatchObject({
    ...{ code: "HANDLE_REFUSED", rule: "CAT-48, connection handle" },
  });
  // What the worker refuses is the worker's keeper's to change.
  api.lines.answer = () => {
    throw new RemoteError({ code: "LEVEL_TOO_LOW", message: "this needs operate", status: 403 });
  };
  const cancel = await api.ask("POST", "/api/workers/web-a/units/AbCd1234/cancel", { auth: root.auth });
  expect(cancel.json).toMatchObject({ code: "LEVEL_TOO_LOW", rule: "CAT-57, both sides must agree" });
});

describe("a roll-out", () => {
  test("is begun, watched, paused and aborted by who may configure (CAT-80)", async () => {
    const { api, root } = await withConfigs(["web"]);
    await using _ = api;
    const path = "/api/worker-configs/web";
    // Others keep a file of their own.
    await api.store.db.updateTable("worker").set({ mode: "cloud" }).execute();
    const viewer = await api.user("v", "viewer");
    expect((await api.ask("GET", `${path}/rollout`, root)).json).toMatchObject({ status: 404, code: "ROLLOUT_NONE" });
    const canary = { choose: { labels: { site: "b" } }, healthyForMs: 60_000 };
    const begun = await api.ask("PUT", path, {
      ...{ auth: root.auth, headers: { "if-match": "1" } },
      body: { document: { a: 2 }, canary },
    });
    expect(begun).toMatchObject({ status: 200, json: { version: 2 } });
    const seen = await api.ask("GET", `${path}/rollout`, viewer);
    expect(seen.json).toMatchObject({
      ...{ version: 2, base: 1, state: "canary", plan: canary },
      next: { step: "wait", why: "web-b has not said what became of it" },
    });
    const workers = await api.ask("GET", `${path}/workers`, viewer);
    expect(workers.json.items).toMatchObject([
      { name: "web-a", wanted: 1, first: false, running: null, outcome: null },
      { name: "web-b", wanted: 2, first: true },
    ]);
    const act = (what: string, auth = root.auth) => api.ask("POST", `${path}/rollout`, { auth, body: { do: what } });
    expect(await act("pause", viewer.auth)).toMatchObject({ status: 403 });
    expect(await act("explode")).toMatchObject({ status: 400 });
    expect((await act("pause")).json).toMatchObject({ state: "paused" });
    expect((await act("resume")).json).toMatchObject({ state: "canary" });
    expect((await act("abort")).json).toMatchObject({ state: "aborted", next: null });
    expect((await api.ask("GET", path, viewer)).json).toMatchObject({ version: 3, document: {} });
    expect((await act("finish")).json).toMatchObject({ status: 404, code: "ROLLOUT_NONE" });
  });

  test.each([
    { choose: { count: 0 }, healthyForMs: 0 },
    { choose: { count: 1 }, healthyForMs: -1 },
    { choose: {}, healthyForMs: 0 },
    { choose: { count: 1, labels: {} }, healthyForMs: 0 },
    { choose: { count: 1 } },
  ])("by %j is refused", async (canary) => {
    const { api, root } = await withConfigs(["web"]);
    await using _ = api;
    const body = { document: {}, canary };
    const put = { auth: root.auth, body, headers: { "if-match": "1" } };
    expect(await api.ask("PUT", "/api/worker-configs/web", put)).toMatchObject({ status: 400 });
  });
});
