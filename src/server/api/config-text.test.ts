import { expect, test } from "vitest";
import { RemoteError } from "#fleet";
import { apiKit, type TestApi } from "../../../test/kit/api.ts";

const kit = apiKit();

/** A token: it needs no open connection. */
async function tokenOf(api: TestApi, role: "admin" | "operator" = "admin") {
  const { id } = await api.user(role, role);
  const { token } = await api.access.apiTokens.make(id, { name: "t", scopes: ["*:admin"], expiresAt: null });
  return { authorization: `Bearer ${token}` };
}

async function written(api: TestApi, auth: Readonly<Record<string, string>>, document: object) {
  const asking = { auth, body: { document }, headers: { "if-match": "0" } };
  expect((await api.ask("PUT", "/api/worker-configs/web", asking)).status).toBe(200);
}

test("CAT-76: a text is checked by the server, each fault at its line, and nothing is written", async () => {
  await using api = await kit.open();
  const auth = await tokenOf(api);
  await written(api, auth, {
    server: { urls: ["https://a.example"] },
    legacyPassword: { hash: { $secret: { value: "x" } } },
  });
  const got = await api.ask("GET", "/api/worker-configs/web/text", { auth });
  expect(got.json).toMatchObject({ version: 1, text: expect.stringContaining("$secret: set") });
  const check = async (text: string) =>
    (await api.ask("POST", "/api/worker-configs/web/check", { auth, body: { text } })).json;
  expect(await check(String(got.json["text"]))).toMatchObject({ faults: [], warnings: [] });
  expect(await check("log:\n  level: loud\n")).toMatchObject({ faults: [{ path: "/log/level", line: 2, column: 3 }] });
  expect(await check("log: [\n")).toMatchObject({ document: null, faults: [{ path: "", line: expect.any(Number) }] });
  const secret = "log: {}\nserver:\n  proxy:\n    $secret: set\n";
  expect(await check(secret)).toMatchObject({ faults: [{ path: "/server/proxy", line: 3 }] });
  const shut = "socket:\n  enabled: false\n";
  expect(await check(shut)).toMatchObject({
    faults: [{ path: "/socket/enabled", line: 2, reason: expect.stringContaining("CAT-82") }],
  });
  const moved = 'server:\n  urls: ["https://b.example"]\nlegacyPassword:\n  hash:\n    $secret: set\n';
  expect(await check(moved)).toMatchObject({
    faults: [],
    warnings: [{ path: "/server/urls", line: 2, reason: expect.stringContaining("cuts them off") }],
  });
  expect((await api.ask("GET", "/api/worker-configs/web", { auth })).json).toMatchObject({ version: 1 });
});

test("the list tells how far each configuration has come, where that is asked for", async () => {
  await using api = await kit.open();
  const auth = await tokenOf(api);
  await written(api, auth, { log: { level: "info" } });
  const labels = { "farhand/config": "web" };
  const [a, b] = [await api.worker("a", labels), await api.worker("b", labels)];
  await api.worker("c");
  const said = { name: "web", version: 1, detail: "", at: 1 };
  const rows = [
    { ...said, worker_id: a, outcome: "applied", running: 1 },
    { ...said, worker_id: b, outcome: "failed", running: 0 },
  ];
  await api.store.db.insertInto("config_outcome").values(rows).execute();
  const list = async (query: string) => (await api.ask("GET", `/api/worker-configs${query}`, { auth })).json.items[0];
  expect(await list("?workers=true")).toMatchObject({ overview: { workers: 2, behind: 1, failed: 1, rollout: null } });
  expect(await list("")).not.toHaveProperty("overview");
});

const told = {
  "config.get": {
    ...{ place: { kind: "file", path: "/etc/farhand/worker.yaml" }, version: 3, document: { log: { level: "info" } } },
    ...{ state: "good", faults: [], provisional: null },
  },
  "config.effective": { values: [], pending: [] },
  "config.validate": { faults: [{ path: "/files/0", reason: "is not there" }], warnings: [] },
} as Readonly<Record<string, unknown>>;

test("CAT-78: what a worker goes by is told with what the server wants, also while it is away", async () => {
  await using api = await kit.open();
  const auth = await tokenOf(api);
  await written(api, auth, {});
  await api.worker("shed", { "farhand/config": "web" });
  api.lines.answer = ({ method }) => told[method];
  const got = async () => (await api.ask("GET", "/api/workers/shed/configuration", { auth })).json;
  expect(await got()).toMatchObject({
    held: { config: "web", wanted: 1, running: null, outcome: null },
    told: { version: 3, text: "log:\n  level: info\n" },
    why: null,
  });
  api.lines.answer = () => {
    throw new RemoteError({ code: "LEVEL_TOO_LOW", message: "nothing for you", status: 403 });
  };
  expect(await got()).toMatchObject({ held: { config: "web" }, told: null, why: "nothing for you" });
});

test("who may not configure has no text checked, neither by the server nor by a worker", async () => {
  await using api = await kit.open();
  await written(api, await tokenOf(api), {});
  await api.worker("shed");
  const asking = { auth: await tokenOf(api, "operator"), body: { text: "" } };
  for (const path of ["/api/worker-configs/web/check", "/api/workers/shed/configuration/check"])
    expect((await api.ask("POST", path, asking)).json).toMatchObject({ status: 403, code: "LEVEL_TOO_LOW" });
  expect(api.lines.asked).toEqual([]);
});

test("a text for a worker's own file is judged by the worker, and its faults get their lines", async () => {
  await using api = await kit.open();
  const auth = await tokenOf(api);
  await api.worker("shed");
  api.lines.answer = ({ method }) => told[method];
  const text = "files:\n  - /nowhere\nidentity:\n  name: other\n";
  const checked = await api.ask("POST", "/api/workers/shed/configuration/check", { auth, body: { text } });
  expect(checked.json).toMatchObject({
    faults: [{ path: "/files/0", line: 2 }],
    warnings: [{ path: "/identity/name", line: 4, reason: expect.stringContaining("CAT-75") }],
  });
});
