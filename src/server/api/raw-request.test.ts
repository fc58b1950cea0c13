import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { tlsServerSource } from "#core";
import { apiKit } from "../../../test/kit/api.ts";
import { OwnNames } from "./own-names.ts";
import { hostName } from "./raw-request.ts";

const kit = apiKit();

/** Status and code of what came back for a raw request. */
function told(answer: string): string {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? "nothing";
  return `${status} ${/"code":"(\w+)"/.exec(answer)?.[1] ?? ""}`.trim();
}

const host = "host: 127.0.0.1\r\n";
const end = "connection: close\r\n\r\n";

describe("requests that two readers could read differently (CAT-52)", () => {
  test.each([
    ["two hosts", `GET /api HTTP/1.1\r\n${host}host: evil.test\r\n${end}`, "400 REQUEST_INVALID"],
    ["no host", `GET /api HTTP/1.1\r\n${end}`, "400 REQUEST_INVALID"],
    [
      "two credentials",
      `GET /api HTTP/1.1\r\n${host}authorization: a\r\nAuthorization: b\r\n${end}`,
      "400 REQUEST_INVALID",
    ],
    ["two handles", `GET /api HTTP/1.1\r\n${host}x-connection: a\r\nX-CONNECTION: a\r\n${end}`, "400 REQUEST_INVALID"],
    [
      "a length and chunks",
      `POST /api/login HTTP/1.1\r\n${host}content-length: 5\r\ntransfer-encoding: chunked\r\n${end}0\r\n\r\n`,
      "400 REQUEST_INVALID",
    ],
    [
      "two lengths",
      `POST /api/login HTTP/1.1\r\n${host}content-length: 2\r\ncontent-length: 3\r\n${end}{}`,
      "400 REQUEST_INVALID",
    ],
    [
      "two codings",
      `POST /api/login HTTP/1.1\r\n${host}transfer-encoding: gzip, chunked\r\n${end}0\r\n\r\n`,
      "400 REQUEST_INVALID",
    ],
    [
      "a coding that is none",
      `POST /api/login HTTP/1.1\r\n${host}transfer-encoding: xchunked\r\n${end}0\r\n\r\n`,
      "400 REQUEST_INVALID",
    ],
    ["a line that is continued", `GET /api HTTP/1.1\r\n${host}x-a: b\r\n c\r\n${end}`, "400 REQUEST_INVALID"],
    ["a space before the colon", `GET /api HTTP/1.1\r\n${host}authorization : a\r\n${end}`, "400 REQUEST_INVALID"],
    ["lines that end with LF alone", `GET /api HTTP/1.1\n${host}${end}`, "400 REQUEST_INVALID"],
    ["what is expected", `POST /api/login HTTP/1.1\r\n${host}expect: more\r\n${end}`, "417 EXPECTATION_UNKNOWN"],
    [
      "an upgrade to what we are not",
      `GET /api HTTP/1.1\r\n${host}upgrade: h2c\r\nconnection: upgrade\r\n\r\n`,
      "400 REQUEST_INVALID",
    ],
    ["no HTTP at all", "\x16\x03\x01\x00\x05hello\r\n\r\n", "400 REQUEST_INVALID"],
    [
      "headers without an end",
      `GET /api HTTP/1.1\r\n${host}x: ${"y".repeat(20_000)}\r\n${end}`,
      "431 HEADERS_TOO_LARGE",
    ],
  ])("%s: refused", async (_name, request, expected) => {
    await using api = await kit.open();
    const answer = await api.raw(request);
    expect(told(answer)).toBe(expected);
    expect(answer).toMatch(/^content-type: application\/problem\+json/im);
    expect(answer).toContain(`"status":${expected.slice(0, 3)},`);
  });

  test("a request within a request is not answered", async () => {
    await using api = await kit.open();
    const inner = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
    const outer = `POST /api/login HTTP/1.1\r\n${host}content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${inner}`;
    const answer = await api.raw(outer);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(answer).not.toContain("ok\n");
  });
});

describe("paths that mean something else to somebody else (CAT-50)", () => {
  test.each([
    "/api/workers/../users",
    "/api/workers/%2e%2e/users",
    "/api/workers/.%2E/rpc",
    "/api/./me",
    "//api/me",
    "/api//me",
    "/api/workers/a%2fb",
    "/api/workers/a%5cb",
    "/api/workers/a\\b",
    "/api/workers/a%00",
    "/api/workers/a%0d%0aX-User:%20root",
    "http://127.0.0.1/api/me",
    "https://evil.test/api/me",
    "*",
    "/api/workers/w1/units/..%2f..%2fetc",
  ])("%s: refused, and nothing reaches a worker", async (path) => {
    await using api = await kit.open();
    const { auth } = await api.user("root", "admin");
    await api.worker("w1");
    const request = `GET ${path} HTTP/1.1\r\n${host}authorization: ${auth.authorization}\r\n${end}`;
    expect(["400", "404"]).toContain(told(await api.raw(request)).slice(0, 3));
    expect(api.lines.asked).toEqual([]);
  });
});

describe("the name a request is for (CAT-19, DNS rebinding)", () => {
  test("is one of ours, before anybody looks at who asks", async () => {
    await using api = await kit.open({ publicUrl: "https://farhand.example/", hostNames: ["second.example"] });
    const { auth } = await api.user("root", "admin");
    const status = async (name: string) => (await api.ask("GET", "/api/me", { auth, headers: { host: name } })).status;
    for (const ours of [
      "127.0.0.1",
      "localhost:8443",
      "farhand.example",
      "FARHAND.example:1",
      "second.example",
      "[::1]",
    ])
      expect(await status(ours), ours).toBe(200);
    for (const theirs of [
      "evil.test",
      "10.0.0.1",
      "farhand.example.evil.test",
      "127.0.0.1.evil.test",
      "[2001:db8::1]",
      "a b",
    ])
      expect(await status(theirs), theirs).toBe(421);
    expect((await api.ask("GET", "/api/me", { headers: { host: "evil.test" } })).status).toBe(421);
  });

  test("may be one that the certificate proves", () => {
    const { cert, key } = kit.certificates().server;
    const names = new OwnNames([], tlsServerSource({ cert, key }));
    expect(["localhost", "127.0.0.1", "::1"].map((name) => names.has(name))).toEqual([true, true, true]);
    expect(["farhand test server", "10.0.0.1", "evil.test", ""].map((name) => names.has(name))).toEqual(
      Array(4).fill(false),
    );
  });

  test.each([
    ["farhand.example:8443", "farhand.example"],
    ["[::1]:8443", "::1"],
    ["Farhand.Example.", "farhand.example"],
    ["a@b", ""],
    ["a/b", ""],
    ["", ""],
  ])("%s is %s", (header, name) => expect(hostName(header)).toBe(name));
});

describe("pages of other sites (CAT-53)", () => {
  const cookieOf = (token: string) => ({ cookie: `farhand_session=${token}` });

  test("cannot change anything with the user's cookie, as a form or by a script", async () => {
    await using api = await kit.open();
    const { token, id } = await api.user("root", "admin");
    const own = { ...cookieOf(token), origin: api.url, "x-farhand": "1" };
    const logout = async (headers: object) =>
      (await api.ask("POST", "/api/logout", { headers: { ...headers } })).json.code;
    expect(await logout({ ...own, origin: "https://evil.test" })).toBe("ORIGIN_REFUSED");
    expect(await logout({ ...own, origin: "null" })).toBe("ORIGIN_REFUSED");
    expect(await logout({ ...own, origin: api.url.replace("https", "http") })).toBe("ORIGIN_REFUSED");
    expect(await logout({ ...cookieOf(token), "x-farhand": "1" })).toBe("ORIGIN_REFUSED");
    expect(await logout({ ...cookieOf(token), origin: api.url })).toBe("ORIGIN_REFUSED");
    const form = {
      ...cookieOf(token),
      origin: "https://evil.test",
      "content-type": "application/x-www-form-urlencoded",
    };
    expect((await api.ask("POST", "/api/users", { headers: form, raw: "name=evil" })).json.code).toBe("ORIGIN_REFUSED");
    expect(await api.access.sessions.list(id)).toHaveLength(1);
    expect(await logout(own)).toBeUndefined();
    expect(await api.access.sessions.list(id)).toHaveLength(0);
  });

  test("cannot open a WebSocket with the user's cookie", async () => {
    await using api = await kit.open();
    const { token, auth } = await api.user("zoe", "viewer");
    for (const origin of ["https://evil.test", "null", "http://127.0.0.1"])
      await expect(api.socket("/api/live", { ...cookieOf(token), origin })).rejects.toMatchObject({ status: 403 });
    await expect(api.socket("/api/live", cookieOf(token))).rejects.toMatchObject({ status: 403 });
    await expect(api.socket("/api/live", { ...auth, origin: "https://evil.test" })).rejects.toMatchObject({
      status: 403,
    });
    await api.socket("/api/live", { ...cookieOf(token), origin: api.url });
  });

  test("are refused before anybody looks at who asks, and may read nothing", async () => {
    await using api = await kit.open();
    const headers = { origin: "https://evil.test" };
    expect((await api.ask("POST", "/api/logout", { headers })).json.code).toBe("ORIGIN_REFUSED");
    const preflight = {
      ...headers,
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-farhand",
    };
    for (const [method, path] of [
      ["GET", "/api"],
      ["OPTIONS", "/api/logout"],
    ] as const) {
      const answer = await api.ask(method, path, { headers: preflight });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});

describe("slow clients", () => {
  test("that do not end their headers or their body are cut off", async () => {
    await using api = await kit.open({ limits: { headersMs: 300, bodyMs: 300 } });
    const headers = await api.raw(`GET /api HTTP/1.1\r\n${host}x-a: `);
    expect(told(headers)).toBe("408 BODY_SLOW");
    const body = `POST /api/login HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"user"`;
    const slow = await api.raw(body);
    expect(told(slow)).toBe("408 BODY_SLOW");
    expect(slow).toMatch(/content-type: application\/problem\+json/i);
    expect(slow).toMatch(/connection: close/i);
    const chunked = `POST /api/login HTTP/1.1\r\n${host}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    expect(told(await api.raw(`${chunked}2\r\n{"\r\n`))).toBe("408 BODY_SLOW");
    // Where nobody reads a body, a slow one keeps nobody from the answer, and the server stays up.
    expect(told(await api.raw(`GET /api HTTP/1.1\r\n${host}content-length: 100\r\n${end}{`))).toMatch(/^200/);
    expect(api.api.openCalls()).toBe(0);
  });

  test("that do not end their handshake are cut off, whether they stay or have left, and so are those that speak no TLS", async () => {
    await using api = await kit.open({ limits: { headersMs: 300 } });
    const begun = [Buffer.alloc(0), Buffer.from("160301", "hex"), Buffer.from("GET / HTTP/1.1\r\n\r\n")];
    let cut = 0;
    for (const isLeft of [false, true])
      for (const bytes of begun) {
        const socket = connect(api.port, "127.0.0.1").on("error", () => {});
        await once(socket, "connect");
        const gone = once(socket, "close");
        socket.resume().write(bytes);
        if (isLeft) socket.end();
        await gone;
        cut++;
      }
    expect(cut).toBe(6);
  });

  test("hold nobody up who stops the server", async () => {
    const api = await kit.open();
    const silent = connect(api.port, "127.0.0.1");
    silent.on("error", () => {});
    await once(silent, "connect");
    const gone = once(silent, "close");
    await api[Symbol.asyncDispose]();
    await gone;
    await expect(api.raw("")).rejects.toThrow("ECONNREFUSED");
  });

  test("that send nothing at all are cut off", async () => {
    await using api = await kit.open({ limits: { idleMs: 300, headersMs: 10_000 } });
    expect(await api.raw("")).toBe("");
  });
});
