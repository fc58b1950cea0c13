import { createServer } from "node:http";
import { connect as connectTcp } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../../../test/kit/free-port.ts";
import {
  ask,
  managedWorker,
  post,
  rpc,
  servicePassword,
  socketClient,
  streamClient,
} from "../../../test/kit/managed-worker.ts";
import { rawExchange } from "../../../test/kit/raw-exchange.ts";

const greeting = {
  ...{ apiVersion: { major: 1, minor: 0 }, serviceVersion: "0.1.0", mode: "server", state: "serving", features: [] },
};
const remote = { legacyPassword: { remote: true, level: "operate", acceptHashLocally: false } } as const;
type Worker = Awaited<ReturnType<typeof managedWorker>>;

/** A worker with a password, and a session of it over HTTPS. */
async function withSession() {
  const worker = await managedWorker({ api: "https", rules: remote });
  using local = await socketClient(worker.socket);
  await local.call("password.set", { password: servicePassword });
  const { reply } = await post(worker, "password.login", { password: servicePassword });
  const { token } = reply.result as { token: string };
  return Object.assign(worker, { headers: { Authorization: `Bearer ${token}` }, token });
}

/** Bytes to the port; gives the status lines that came. */
async function raw({ api }: Worker, text: string): Promise<string[]> {
  const said = await rawExchange(new URL(api).host, [Buffer.from(text)], 20_000);
  return [...said.toString("latin1").matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status ?? "");
}

describe("CAT-15: the HTTP port", () => {
  test("is closed unless the settings open it", async () => {
    await using worker = await managedWorker();
    expect(worker.management.addresses).toEqual([`unix:${worker.socket}`]);
  });

  test("is refused on an address others can reach, without TLS; then nothing is left open", async () => {
    const opening = managedWorker({ more: { api: { listen: `0.0.0.0:${await freePort()}` } } });
    await expect(opening).rejects.toMatchObject({ code: "API_UNSAFE" });
  });

  test("a port that is taken is said so", async () => {
    await using worker = await managedWorker({ api: "http" });
    const opening = managedWorker({ more: { api: { listen: new URL(worker.api).host } } });
    await expect(opening).rejects.toMatchObject({ code: "PORT_UNAVAILABLE" });
  });

  test("calls are answered with the status of their fault", async () => {
    await using worker = await withSession();
    expect(await post(worker, "worker.status", {}, worker.headers)).toMatchObject({ status: 200 });
    expect(await post(worker, "units.status", { unit: "nothing1" }, worker.headers)).toMatchObject({ status: 404 });
    expect(await post(worker, "worker.stop", {}, worker.headers)).toMatchObject({ status: 403 });
    expect(await post(worker, "no.such", {}, worker.headers)).toMatchObject({ status: 404 });
    const silent = { jsonrpc: "2.0", method: "worker.switches.set", params: { watchers: false } };
    expect(await ask(worker, { body: silent, headers: worker.headers })).toMatchObject({ status: 204, text: "" });
    expect(worker.management.switches.states.watchers).toBe(false);
  });

  test("a stream takes calls in turn, and ends with the worker", async () => {
    await using worker = await withSession();
    using stream = await streamClient(worker, worker.headers);
    expect(await stream.call("worker.switches.get")).toHaveProperty("result.workers", true);
    expect(await stream.call("worker.stop")).toHaveProperty("error.data.code", "LEVEL_TOO_LOW");
    await worker.management.close();
    expect(await stream.closed).toBe(1001);
  });

  test("a stranger may open a stream, say hello and log in there", async () => {
    await using worker = await withSession();
    using stream = await streamClient(worker);
    expect(await stream.call("hello", greeting)).toHaveProperty("result.state");
    expect(await stream.call("worker.status")).toHaveProperty("error.data.code", "LOGIN_NEEDED");
    expect(await stream.call("password.login", { password: servicePassword })).toHaveProperty(
      "result.level",
      "operate",
    );
    expect(await stream.call("worker.status")).toHaveProperty("result.state");
  });

  test("binary messages and messages that are too long end a stream", async () => {
    await using worker = await withSession();
    for (const [said, code] of [
      [Buffer.from("x"), 1003],
      ["x".repeat(1024 * 1024 + 1), 1009],
    ] as const) {
      using stream = await streamClient(worker, worker.headers);
      stream.say(said).catch(() => {});
      expect(await stream.closed).toBe(code);
    }
  });
});

describe("CAT-16: the REST subset", () => {
  test("shows the status and the units, and switches the three switches", async () => {
    await using worker = await withSession();
    const { headers } = worker;
    const { id } = worker.node.units.allocate({ workType: "sh", params: {} });
    const get = async (path: string) => (await ask(worker, { method: "GET", path, headers })).json;
    expect(await get("/v1/status")).toMatchObject({ state: "configured", units: { Pending: 1 } });
    expect(await get("/v1/tasks?state=pending&limit=5")).toMatchObject({ units: [{ id }] });
    expect(await get("/v1/tasks?state=running")).toEqual({ units: [] });
    expect(await get(`/v1/tasks/${id}`)).toMatchObject({ id, state: 0 });
    for (const name of ["watchers", "monitors", "workers"]) {
      const put = await ask(worker, { method: "PUT", path: `/v1/switches/${name}`, headers, body: { on: false } });
      expect(put).toMatchObject({ status: 200, json: { [name]: false } });
    }
  });

  test("says problems as problem+json", async () => {
    await using worker = await withSession();
    const { headers } = worker;
    const answer = await ask(worker, { method: "GET", path: "/v1/tasks?colour=red", headers });
    expect(answer).toMatchObject({
      status: 400,
      json: { status: 400, code: "PARAMS_INVALID", title: "PARAMS_INVALID" },
    });
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    for (const body of [{ on: 1 }, { on: true, workers: false }, {}, [], "{"]) {
      const put = await ask(worker, { method: "PUT", path: "/v1/switches/watchers", headers, body });
      expect(put.status, JSON.stringify(body).slice(0, 50)).toBe(400);
    }
    expect(worker.management.switches.states).toEqual({ watchers: true, monitors: true, workers: true });
  });

  test("everything else is 404, also in a session", async () => {
    await using worker = await withSession();
    const { headers } = worker;
    const wanted = [
      ...["/", "/v1", "/v1/", "/v1/config", "/v1/password", "/v1/restart", "/v1/tasks/", "/v1/tasks/a/b", "/rpc/"],
      ...["/v1/tasks/..", "/v1/tasks/%2e%2e", "//v1/status", "/v1/../v1/status", "/v1/switches/others", "/v1/status/"],
      ...["/V1/STATUS", "/v1/status%00", "/rpc", "/rpc/stream"],
    ];
    for (const path of wanted) expect((await ask(worker, { method: "GET", path, headers })).status, path).toBe(404);
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
      expect((await ask(worker, { method, path: "/v1/status", headers })).status, method).toBe(404);
  });
});

describe("CAT-18: hostile requests", () => {
  const head = (more: string) => `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}`;

  test("each is refused, and the next one answered", async () => {
    await using worker = await managedWorker({ api: "http" });
    const cases: readonly (readonly [name: string, text: string, status: string])[] = [
      ["a body of 2 MiB", head(`Content-Length: 2097152\r\n\r\n{`), "413"],
      [
        "one that does not say so",
        `${head("Transfer-Encoding: chunked\r\n\r\n")}${chunked("x".repeat(1024 * 1024 + 1))}`,
        "413",
      ],
      ["length and chunks", head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400"],
      ["two lengths", head("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), "400"],
      ["two hosts", `GET /v1/status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n`, "400"],
      [
        "two credentials",
        head("Authorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: 2\r\n\r\n{}"),
        "400",
      ],
      ["no host", "GET /v1/status HTTP/1.1\r\n\r\n", "400"],
      ["headers of 64 KiB", head(`X: ${"x".repeat(65_536)}\r\n\r\n`), "431"],
      ["an expectation", head("Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"), "417"],
      [
        "another type",
        `POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}`,
        "400",
      ],
      ["no HTTP", "hello\r\n\r\n", "400"],
      ["an absolute address", "GET http://evil.test/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"],
      [
        "an upgrade elsewhere",
        "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "404",
      ],
    ];
    for (const [name, text, status] of cases) expect(await raw(worker, text), name).toContain(status);
    expect((await post(worker, "hello", greeting)).status).toBe(200);
  });

  test("a stranger has less to say than somebody known", async () => {
    await using worker = await withSession();
    const padded = " ".repeat(100 * 1024) + JSON.stringify(rpc("worker.status"));
    expect((await ask(worker, { body: padded })).status).toBe(413);
    expect((await ask(worker, { body: padded, headers: worker.headers })).status).toBe(200);
  });

  test("a stack never leaves", async () => {
    await using worker = await managedWorker({ api: "http", rules: {}, more: { facts: () => JSON.parse("{") } });
    const { status, reply } = await post(worker, "hello", greeting);
    expect(status).toBe(500);
    expect(reply.error).toMatchObject({ code: -32_603, data: { code: "INTERNAL" } });
    expect(JSON.stringify(reply)).not.toMatch(/JSON|\.ts|at /);
  });

  test("slow requests end, and hold nobody up", async () => {
    await using worker = await managedWorker({ api: "http", more: { api: { listen: "127.0.0.1:0", requestMs: 300 } } });
    const { host } = new URL(worker.api);
    const [hostname, port] = host.split(":");
    const slow = connectTcp(Number(port), hostname);
    slow.on("error", () => {});
    slow.write(
      "POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
    );
    const over = new Promise((resolve) => slow.once("close", resolve));
    slow.resume();
    expect((await post(worker, "hello", greeting)).status).toBe(200);
    await over;
  });
});

const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

describe("CAT-19: pages of others", () => {
  test("another host or a foreign origin is refused before anybody is asked who it is", async () => {
    await using worker = await withSession();
    const call = { body: rpc("worker.status") };
    const sent = (headers: Record<string, string>) => ask(worker, { ...call, headers });
    for (const credential of [{}, worker.headers, { Authorization: "nonsense" }]) {
      for (const host of ["evil.test", "evil.test:8889", "localhost.evil.test", "127.0.0.1.evil.test", "a@localhost"])
        expect(await sent({ ...credential, Host: host }), host).toMatchObject({
          status: 403,
          json: { code: "ORIGIN_REFUSED" },
        });
      for (const origin of ["https://evil.test", "null", worker.api.replace("https", "http"), `${worker.api}1`])
        expect(await sent({ ...credential, Origin: origin }), origin).toMatchObject({ status: 403 });
    }
    expect(await sent({ ...worker.headers, Origin: worker.api })).toMatchObject({ status: 200 });
    const { port } = new URL(worker.api);
    for (const host of ["localhost", `127.0.0.1:${port}`, `[::1]:${port}`, "192.0.2.7"])
      expect((await sent({ ...worker.headers, Host: host })).status, host).toBe(200);
  });

  test("so is a stream of theirs", async () => {
    await using worker = await withSession();
    for (const headers of [
      { Origin: "https://evil.test" },
      { Host: "evil.test" },
      { Cookie: `farhand_worker=${worker.token}` },
    ])
      await expect(streamClient(worker, headers as Record<string, string>)).rejects.toThrow(/403/);
    using stream = await streamClient(worker, { Origin: worker.api, Cookie: `farhand_worker=${worker.token}` });
    expect(await stream.call("worker.status")).toHaveProperty("result");
  });

  test("names and origins of its own are in its settings", async () => {
    const names = { hosts: ["worker.example"], origins: ["https://manager.example"] };
    await using worker = await managedWorker({ more: { api: { listen: "127.0.0.1:0", names } } });
    const headers = { Host: "worker.example:8889", Origin: "https://manager.example" };
    expect(await ask(worker, { body: rpc("hello", greeting), headers })).toMatchObject({ status: 200 });
  });

  test("a page's login gives a cookie no script can read and no other site sends", async () => {
    await using worker = await withSession();
    const body = rpc("password.login", { password: servicePassword });
    const { headers } = await ask(worker, { body, headers: { Origin: worker.api } });
    expect(headers["set-cookie"]?.[0]).toMatch(
      /^farhand_worker=fhw_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    const cookie = headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    expect(await ask(worker, { method: "GET", path: "/v1/status", headers: { Cookie: cookie } })).toMatchObject({
      status: 200,
    });
    const change = { method: "PUT", path: "/v1/switches/workers", body: { on: false } };
    expect(await ask(worker, { ...change, headers: { Cookie: cookie } })).toMatchObject({ status: 403 });
    const fromPage = { Cookie: cookie, Origin: worker.api };
    expect(await ask(worker, { ...change, headers: fromPage })).toMatchObject({ status: 200 });
    expect((await ask(worker, { body })).headers["set-cookie"]).toBeUndefined();
  });

  test("no answer allows another site's page anything", async () => {
    await using worker = await withSession();
    const { headers } = await ask(worker, { method: "OPTIONS", headers: { Origin: worker.api } });
    const names = Object.keys(headers);
    expect(names.filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
  });
});

describe("CAT-22: a proxy on this machine", () => {
  test("makes nobody local, whatever it says of them", async () => {
    await using worker = await withSession();
    const { call, close } = await reverseProxy(worker);
    const local = {
      "X-Forwarded-For": "127.0.0.1",
      "X-Real-IP": "127.0.0.1",
      Forwarded: "for=127.0.0.1",
      "X-User": "root",
    };
    expect(await call({})).toBe(401);
    expect(await call(local)).toBe(401);
    expect(await call({ ...local, "X-Assertion": "v1.e30.e30" })).toBe(401);
    expect(await call(worker.headers)).toBe(200);
    await close();
  });
});

/** A reverse proxy in front of a worker, as anybody may put there. */
async function reverseProxy(worker: Worker) {
  const proxy = createServer((from, to) => {
    const chunks: Buffer[] = [];
    from.on("data", (chunk: Buffer) => chunks.push(chunk));
    from.on("end", () => {
      const { host, connection, ...headers } = from.headers;
      const wanted = { path: from.url ?? "/", headers: headers as Record<string, string>, body: Buffer.concat(chunks) };
      void ask(worker, wanted).then(({ status, text }) => to.writeHead(status).end(text));
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address() as { port: number };
  const call = async (headers: Record<string, string>) =>
    (await post({ api: `http://127.0.0.1:${address.port}`, ca: undefined }, "worker.status", {}, headers)).status;
  const close = () => new Promise((resolve) => proxy.close(resolve));
  return { call, close };
}

describe("CAT-58, CAT-62: requests of the server itself", () => {
  test("count as far as the assertion and the worker's own map say; without server they are refused", async () => {
    const checkAssertion = (text: string, method: string) => {
      expect(method).toBe("worker.stop");
      return { name: "ada", session: "s1", max: "admin", roles: [text] } as const;
    };
    await using worker = await managedWorker({ api: "https", more: { checkAssertion } });
    expect((await post(worker, "worker.stop", {}, { "X-Assertion": "viewer" })).status).toBe(403);
    expect((await post(worker, "worker.stop", {}, { "X-Assertion": "admin" })).status).toBe(200);
    expect(worker.lived).toEqual(["stop by ada"]);
    expect(worker.logged.at(-1)?.fields).toMatchObject({ caller: "ada", carrier: "forwarded", session: "s1" });
    await using alone = await managedWorker({ api: "https" });
    const { status, reply } = await post(alone, "worker.status", {}, { "X-Assertion": "admin" });
    expect({ status, code: reply.error?.data.code }).toEqual({ status: 401, code: "ASSERTION_INVALID" });
  });
});
