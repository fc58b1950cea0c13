import { expect, test } from "vitest";
import { apiKit } from "../../../test/kit/api.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";

const kit = apiKit();

describeWithStores("the API", ({ open }) => {
  test("says who it is, how it is, and what it can do", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const hello = await api.ask("GET", "/api");
    const json = { name: "farhand", serviceVersion: "1.2.3", apiVersion: { major: 1 } };
    expect(hello).toMatchObject({ status: 200, json });
    expect(hello.headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    expect(hello.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(await api.ask("GET", "/healthz")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await api.ask("GET", "/readyz")).toMatchObject({ status: 200, text: "ok\n" });
  });

  test("is not ready when its database is away, and says so", async () => {
    const store = await open();
    await using api = await kit.over(store);
    await store[Symbol.asyncDispose]();
    expect(await api.ask("GET", "/readyz")).toMatchObject({ status: 503, json: { code: "STORE_UNREACHABLE" } });
    expect(await api.ask("GET", "/healthz")).toMatchObject({ status: 200 });
  });
});

test("the document names every route, WebSockets too, and the page all of them without a script", async () => {
  await using api = await kit.open();
  const document = await api.ask("GET", "/api/openapi.json");
  const paths = Object.keys(document.json["paths"] as object);
  const plain = api.api.routes.map(({ path }) => path.replaceAll(/:(\w+)/g, "{$1}").replace("*", "{path}"));
  expect([...new Set(plain)].filter((path) => !paths.includes(path))).toEqual([]);
  expect(document.json["paths"]).toMatchObject({
    "/api/workers/{worker}/shell": { get: { "x-websocket": true, parameters: [{ name: "worker", in: "path" }] } },
    "/api/workers/{worker}/http/{service}/{path}": {
      get: { "x-websocket": true, responses: { "101": {}, "2XX": {} } },
      delete: { parameters: [{ name: "worker" }, { name: "service" }, { name: "path", required: true }] },
    },
  });
  expect(document.text).toContain('"application/problem+json"');
  expect(document.text).not.toContain("farhand_session=");
  const page = await api.ask("GET", "/api/docs");
  for (const { path } of api.api.routes) expect(page.text).toContain(path);
  expect(page.text).not.toMatch(/<script|https?:|on\w+=/);
});

test("problems are problem+json, whatever went wrong", async () => {
  await using api = await kit.open();
  const { auth } = await api.user("root", "admin");
  const json = { "content-type": "application/json" };
  const cases: [string, string, object, number, string][] = [
    ["GET", "/nowhere", {}, 404, "ROUTE_NOT_FOUND"],
    ["PUT", "/api/login", { body: {} }, 404, "ROUTE_NOT_FOUND"],
    ["GET", "/api/me", {}, 401, "CREDENTIAL_MISSING"],
    ["GET", "/api/me", { auth: { authorization: "Basic YTpi" } }, 401, "CREDENTIAL_INVALID"],
    ["POST", "/api/users", { auth, raw: "x".repeat(1_100_000), headers: json }, 413, "BODY_TOO_LARGE"],
    ["POST", "/api/users", { auth, raw: "a=b", headers: { "content-type": "text/plain" } }, 415, "BODY_TYPE"],
    ["POST", "/api/users", { auth, raw: "{", headers: json }, 400, "REQUEST_INVALID"],
    ["POST", "/api/users", { auth, raw: Buffer.from('{"a":"\xff"}', "latin1"), headers: json }, 400, "REQUEST_INVALID"],
    ["POST", "/api/users", { auth, raw: "[".repeat(500_000), headers: json }, 400, "REQUEST_INVALID"],
    ["POST", "/api/users", { auth, raw: '{"__proto__":{"role":"admin"}}', headers: json }, 400, "REQUEST_INVALID"],
    ["GET", "/api/workers?limit=0", { auth }, 400, "REQUEST_INVALID"],
    ["GET", "/api/workers?cursor=%25", { auth }, 400, "REQUEST_INVALID"],
  ];
  for (const [method, path, options, status, code] of cases) {
    const answer = await api.ask(method, path, options);
    expect(answer, `${method} ${path} ${code}`).toMatchObject({ status, json: { type: "about:blank", status, code } });
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.text).not.toMatch(/node_modules|at \w+ \(/);
  }
});

test("a wrong field is named, and an unknown one refused", async () => {
  await using api = await kit.open();
  const { auth } = await api.user("root", "admin");
  const body = { name: "zoe", password: "x", role: "king", extra: 1 };
  const { json } = await api.ask("POST", "/api/users", { auth, body });
  expect(json).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
  expect(JSON.stringify(json["errors"])).toMatch(/body\.role/);
  expect(JSON.stringify(json["errors"])).toMatch(/extra/);
});

test("too many requests of one user are sent away for a while, others are not", async () => {
  await using api = await kit.open({ limits: { perUser: 5 } });
  const [one, other] = [await api.user("one", "viewer"), await api.user("other", "viewer")];
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => await api.ask("GET", "/api/me", one)));
  expect(statuses.filter(({ status }) => status === 200)).toHaveLength(5);
  const refused = statuses.find(({ status }) => status === 429);
  expect(refused).toMatchObject({ json: { code: "RATE_LIMITED" }, headers: { "retry-after": expect.any(String) } });
  expect((await api.ask("GET", "/api/me", other)).status).toBe(200);
});

test("too many requests from one address are sent away before anybody asks who sends them", async () => {
  await using api = await kit.open({ limits: { perAddress: 3 } });
  const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await api.ask("GET", "/api/me")).status));
  expect(statuses.toSorted((a, b) => a - b)).toEqual([401, 401, 401, 429, 429, 429]);
});

test("without TLS it listens on loopback only", async () => {
  await expect(kit.open({ listen: { host: "0.0.0.0", port: 0 }, tls: undefined as never })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
  });
});

test("a port that is taken says so, and what to do", async () => {
  await using other = await kit.open();
  const { host, port } = other.api.address;
  await expect(kit.open({ listen: { host, port } })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
    message: expect.stringMatching(/something else listens there.* choose another port with --listen/),
  });
});

test("metrics are for whoever may look at all workers", async () => {
  await using api = await kit.open();
  const [viewer, restricted] = [await api.user("v", "viewer"), await api.user("r", "admin", { site: "a" })];
  await api.worker("w1");
  expect(await api.ask("GET", "/metrics")).toMatchObject({ status: 401 });
  expect(await api.ask("GET", "/metrics", restricted)).toMatchObject({ status: 403 });
  const { text } = await api.ask("GET", "/metrics", viewer);
  expect(text).toContain('farhand_workers{state="online"} 1');
  expect(text).toMatch(/farhand_api_requests_total\{method="GET",route="\/metrics",status="401"\} 1/);
});
