import { once } from "node:events";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { decodeSocketMessages, encodeSocketMessage, type JsonObject, sayWords } from "#fleet";
import { apiKit, eventually, openAnswer, streamPair, type TestApi, type TestUser } from "../../../test/kit/api.ts";

const kit = apiKit();

/** An API with an operator and a worker, which answers with `head` and then does what the test says. */
async function pages(head: JsonObject | undefined, then: (stream: Duplex) => unknown = (stream) => stream.end()) {
  const api = await kit.open();
  const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
  const closed: Promise<void>[] = [];
  api.lines.output = () => {
    const { server, worker: end, closed: over } = streamPair();
    closed.push(over);
    if (head) sayWords(end, { result: head });
    Promise.resolve(then(end)).catch(() => {});
    return { result: { service: "page" }, stream: server };
  };
  return { api, user, worker, closed, base: `/api/workers/${worker}/http/page` };
}

const good = { status: 200, headers: { "content-type": "text/plain" } };

function params(api: TestApi): JsonObject {
  return api.lines.asked.at(-1)?.params ?? {};
}

describe("a request for a worker's page", () => {
  test("is built from fields: nothing else that the client says reaches the worker (CAT-55)", async () => {
    const { api, user, base } = await pages(good, (stream) => stream.end("hello"));
    await using _ = api;
    const hostile = Object.fromEntries(
      ["X-User", "x_user", "X-Assertion", "X-HTTP-Method-Override", "Forwarded", "X-Forwarded-For", "Via", "TE"].map(
        (name) => [name, "evil"],
      ),
    );
    const headers = {
      ...{ ...hostile, connection: "x-assertion, close", cookie: "farhand_session=abc", accept: "text/html" },
      ...{ "content-type": "text/csv", "user-agent": "me" },
    };
    const answer = await api.ask("POST", `${base}/a/b%20c?d=%2e%2e%2f&e=1?2`, { auth: user.auth, headers, raw: "abc" });
    expect(answer).toMatchObject({ status: 200, text: "hello" });
    expect(api.lines.asked.at(-1)).toMatchObject({ method: "http.open" });
    expect(params(api)).toEqual({
      ...{ service: "page", method: "POST", path: "/a/b%20c?d=%2e%2e%2f&e=1?2", body: 3 },
      headers: { accept: "text/html", "content-type": "text/csv" },
    });
  });

  test.each([
    ...["/../x", "/%2e%2e/x", "/a/..%2fx", "/a%2fb", "//x", "/a%5cb", "/a%00", "/a/./b", "/a%0d%0aX:1", "/a/.%2E/.%2e"],
  ])("with the path %s is refused, and nothing reaches the worker (CAT-50)", async (path) => {
    const { api, user, base } = await pages(good);
    await using _ = api;
    const request = `GET ${base}${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${user.auth.authorization}\r\n\r\n`;
    const [line = ""] = (await api.raw(`${request}\r\n`)).split("\r\n");
    expect(line).toMatch(/^HTTP\/1.1 40[04] /);
    expect(api.lines.asked).toEqual([]);
  });

  test.each<[string, string]>([
    ["a GET with a body", "GET /api/workers/w1/http/page/ HTTP/1.1\r\nContent-Length: 3\r\n{auth}\r\nabc"],
    ["a query that is no ASCII", "GET /api/workers/w1/http/page/?\xff HTTP/1.1\r\n{auth}\r\n"],
    [
      "a length and chunks",
      "POST /api/workers/w1/http/page/ HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n{auth}\r\n0\r\n\r\n",
    ],
    [
      "a header of the fields twice",
      "GET /api/workers/w1/http/page/ HTTP/1.1\r\nRange: bytes=1-\r\nRange: bytes=2-\r\n{auth}\r\n",
    ],
    [
      "an upgrade to something else",
      "GET /api/workers/w1/http/page/ HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n{auth}\r\n",
    ],
  ])("that is %s is refused, and nothing reaches the worker", async (_name, text) => {
    const { api, user } = await pages(good);
    await using _ = api;
    const auth = `Host: 127.0.0.1\r\nConnection: close\r\nAuthorization: ${user.auth.authorization}\r\n`;
    const own = text.includes("upgrade") ? auth.replace("Connection: close\r\n", "") : auth;
    const answer = await api.raw(Buffer.from(text.replace("{auth}", own), "latin1"));
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(api.lines.asked).toEqual([]);
  });

  test("of another site's page, or as a part of one of ours, is refused (CAT-53, CAT-60)", async () => {
    const { api, user, base } = await pages(good);
    await using _ = api;
    const cookie = { cookie: `farhand_session=${user.token}` };
    const refused = [
      { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" },
      { "sec-fetch-site": "same-site", "sec-fetch-dest": "document" },
      ...["script", "style", "serviceworker", "iframe", "worker", "embed", "object"].map((dest) => ({
        ...{ "sec-fetch-site": "same-origin", "sec-fetch-dest": dest },
      })),
    ];
    for (const headers of refused) {
      const answer = await api.ask("GET", `${base}/`, { headers: { ...cookie, ...headers } });
      expect(answer, JSON.stringify(headers)).toMatchObject({ status: 403, json: { code: "ORIGIN_REFUSED" } });
    }
    for (const headers of [{}, { origin: "https://evil.test", "x-farhand": "1" }, { "x-farhand": "1" }]) {
      const answer = await api.ask("POST", `${base}/`, { headers: { ...cookie, ...headers }, body: {} });
      expect(answer, JSON.stringify(headers)).toMatchObject({ status: 403, json: { code: "ORIGIN_REFUSED" } });
    }
    expect(api.lines.asked).toEqual([]);
    const own = { ...cookie, "sec-fetch-site": "none", "sec-fetch-dest": "document" };
    expect(await api.ask("GET", `${base}/`, { headers: own })).toMatchObject({ status: 200 });
  });

  test("needs the level and the entitlement of its kind; the worker's own pages need less", async () => {
    const { api, worker, base } = await pages(good);
    await using _ = api;
    const viewer = await api.user("v", "viewer");
    const own = `/api/workers/${worker}/http/management/v1`;
    expect(await api.ask("GET", `${base}/`, viewer)).toMatchObject({ json: { code: "LEVEL_TOO_LOW" } });
    const put = { auth: viewer.auth, body: { on: false } };
    expect(await api.ask("PUT", `${own}/switches/workers`, put)).toMatchObject({ json: { code: "LEVEL_TOO_LOW" } });
    expect(await api.ask("GET", `${own}/status?a=b`, viewer)).toMatchObject({ status: 200 });
    expect(api.lines.asked).toMatchObject([{ method: "http.management", params: { path: "/v1/status?a=b" } }]);
    const locked = await kit.open({ isEntitled: (name) => name === "remote.monitor" });
    await using __ = locked;
    const [op, other] = [await locked.user("op", "operator"), await locked.worker("w2")];
    const refused = await locked.ask("GET", `/api/workers/${other}/http/page/`, op);
    expect(refused).toMatchObject({ json: { code: "NOT_ENTITLED" } });
  });

  test("is audited: who asked which page for what, and never the query", async () => {
    const { api, user, base, worker } = await pages(good);
    await using _ = api;
    await api.ask("DELETE", `${base}/things/1?token=geheim`, user);
    await api.ask("GET", `${base}/things?token=geheim`, user);
    await api.audit.flush();
    const rows = await api.store.db.selectFrom("audit").selectAll().where("action", "=", "worker.http").execute();
    expect(rows).toMatchObject([
      { actor: user.id, subject: worker, detail: expect.stringContaining('"method":"DELETE","path":"/things/1"') },
      { actor: user.id, subject: worker, detail: expect.stringContaining('"method":"GET","path":"/things"') },
    ]);
    expect(JSON.stringify(rows)).not.toContain("geheim");
  });

  test("has a body of any type and length, as fast as the worker takes it", async () => {
    let bytes = 0;
    const { api, user, base } = await pages(undefined, async (stream) => {
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) bytes += (chunk as Buffer).length;
      sayWords(stream, { result: { ...good, length: 4 } });
      stream.end("done");
    });
    await using _ = api;
    const body = (async function* () {
      for (let n = 0; n < 64; n++) yield Buffer.alloc(65_536, n);
    })();
    const answer = await api.ask("PUT", `${base}/file`, {
      auth: user.auth,
      raw: body,
      headers: { "content-type": "x/y" },
    });
    expect(answer).toMatchObject({ status: 200, text: "done", headers: { "content-length": "4" } });
    expect(bytes).toBe(64 * 65_536);
  });

  test("that the client breaks off is broken off at the worker, and never ended there", async () => {
    let ended: unknown;
    const { api, user, base, closed } = await pages(undefined, (stream) => {
      stream.once("end", () => (ended = true)).resume();
    });
    await using _ = api;
    const gone = new AbortController();
    const body = (async function* () {
      yield Buffer.from("half");
      await new Promise(() => {});
    })();
    const asked = openAnswer(api.port, "POST", `${base}/`, { auth: user.auth, raw: body, signal: gone.signal });
    asked.catch(() => {});
    await eventually(() => closed.length).toBe(1);
    gone.abort();
    await closed[0];
    expect(ended).toBeUndefined();
    await eventually(() => api.api.openCalls()).toBe(0);
  });

  test("whose answer was whole before it: nothing of it stays open at the worker", async () => {
    const { api, user, base, closed } = await pages({ ...good, status: 413, length: 4 }, (stream) =>
      stream.end("long"),
    );
    await using _ = api;
    const head = `POST ${base}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n`;
    const answer = await api.raw(`${head}Authorization: ${user.auth.authorization}\r\n\r\nhalf`);
    expect(answer).toMatch(/^HTTP\/1.1 413 .*\r\n\r\nlong$/s);
    await closed[0];
  });
});

describe("a page's answer", () => {
  test("has no power at our address: neither what it sends along nor what it is (CAT-60)", async () => {
    const evil = {
      "set-cookie": "farhand_session=theirs; Path=/",
      location: "https://evil.test/",
      "access-control-allow-origin": "*",
      "service-worker-allowed": "/",
      "www-authenticate": "Basic",
      "clear-site-data": '"*"',
      "content-security-policy": "default-src *",
      refresh: "0; url=https://evil.test/",
      link: "</x>; rel=preload",
    };
    const html = "<script>fetch('/api/me')</script>";
    const headers = { ...evil, "content-type": "text/html; charset=utf-8", etag: '"1"' };
    const { api, user, base } = await pages({ status: 200, headers }, (stream) => stream.end(html));
    await using _ = api;
    const answer = await api.ask("GET", `${base}/`, user);
    expect(answer.text).toBe(html);
    for (const name of Object.keys(evil).filter((each) => each !== "content-security-policy"))
      expect(answer.headers[name], name).toBeUndefined();
    expect(answer.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      etag: '"1"',
      "content-security-policy": expect.stringMatching(/^sandbox; default-src 'none'/),
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(answer.headers["content-security-policy"]).not.toContain("allow-");
  });

  test.each([101, 199, 301, 302, 307, 401, 407, 421, 511, 600, 1_000, "200"])(
    "with the status %s is not passed on: it would speak for the server",
    async (status) => {
      const { api, user, base, closed } = await pages({ status, headers: {} });
      await using _ = api;
      expect(await api.ask("GET", `${base}/`, user)).toMatchObject({ status: 502, json: { code: "WORKER_ANSWER" } });
      await closed[0];
    },
  );

  test.each<[string, JsonObject]>([
    ["a header of two lines", { etag: "a\r\nSet-Cookie: b=c" }],
    ["a header that is too long", { etag: "x".repeat(3_000) }],
    ["a coding that nobody knows", { "content-encoding": "evil" }],
    ["a header that is no text", { etag: ["a", "b"] }],
  ])("with %s is none", async (_name, headers) => {
    const { api, user, base } = await pages({ status: 200, headers });
    await using _ = api;
    expect(await api.ask("GET", `${base}/`, user)).toMatchObject({ status: 502, json: { code: "WORKER_ANSWER" } });
  });

  test("of a type that is none is bytes, and no type at all is too", async () => {
    for (const type of ["text/html, text/plain", "html", ""]) {
      const { api, user, base } = await pages({ status: 200, headers: { "content-type": type } });
      await using _ = api;
      const { headers } = await api.ask("GET", `${base}/`, user);
      expect(headers["content-type"], type).toBe("application/octet-stream");
    }
  });

  test("that is longer or shorter than it said breaks off: nobody takes it for whole", async () => {
    for (const text of ["12345678", "12"]) {
      const { api, user, base } = await pages({ ...good, length: 4 }, (stream) => stream.end(text));
      await using _ = api;
      await expect(api.ask("GET", `${base}/`, user)).rejects.toThrow(/aborted|hang up|Parse Error/);
    }
  });

  test("without a body has none, whatever the worker sends", async () => {
    for (const [method, status] of [
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const) {
      const { api, user, base, closed } = await pages({ ...good, status, length: 5 }, (stream) =>
        stream.write("12345"),
      );
      await using _ = api;
      const answer = await api.ask(method, `${base}/`, user);
      expect(answer).toMatchObject({ status, text: "" });
      if (method === "HEAD") expect(answer.headers["content-length"]).toBe("5");
      await closed[0];
    }
  });

  test("that does not come is not waited for, and words that are none are not believed", async () => {
    const slow = await kit.open({ limits: { callMs: 300 } });
    await using _ = slow;
    const [user, worker] = [await slow.user("op", "operator"), await slow.worker("w1")];
    slow.lines.output = () => ({ result: {}, stream: streamPair().server });
    const path = `/api/workers/${worker}/http/page/`;
    expect(await slow.ask("GET", path, user)).toMatchObject({ json: { code: "WORKER_UNREACHABLE" } });
    slow.lines.output = () => {
      const { server, worker: end } = streamPair();
      end.end("HTTP/1.1 200 OK\r\n\r\n");
      return { result: {}, stream: server };
    };
    expect(await slow.ask("GET", path, user)).toMatchObject({ json: { code: "WORKER_UNREACHABLE" } });
  });

  test("may be endless: it is cut with the session, within two seconds (CAT-67)", async () => {
    let drip: NodeJS.Timeout | undefined;
    const { api, user, base, closed } = await pages(
      { status: 200, headers: { "content-type": "text/event-stream" } },
      (stream) => {
        drip = setInterval(() => void stream.write("data: x\n\n"), 10);
      },
    );
    await using _ = api;
    const answer = await openAnswer(api.port, "GET", `${base}/events`, user);
    answer.on("error", () => {});
    await once(answer, "data");
    const over = new Promise((resolve) => answer.once("close", resolve));
    await api.ask("POST", "/api/logout", user);
    await over;
    await closed[0];
    clearInterval(drip);
    expect(answer.complete).toBe(false);
  });
});

describe("a WebSocket of a worker's page", () => {
  const echo = async (stream: Duplex): Promise<void> => {
    for await (const message of decodeSocketMessages(stream)) {
      if (message.kind === "text" && message.text === "bye")
        stream.end(encodeSocketMessage({ kind: "close", code: 3_005 }));
      else stream.write(encodeSocketMessage(message));
    }
  };
  const own = (user: TestUser): Record<string, string> => ({ authorization: user.auth.authorization });

  test("carries messages both ways, and its last word", async () => {
    const { api, user, base } = await pages(undefined, echo);
    await using _ = api;
    const socket = await api.socket(`${base}/live?x=1`, own(user));
    socket.socket.send("grüße");
    expect((await socket.bytes()).toString()).toBe("grüße");
    socket.socket.send(Buffer.alloc(200_000, 5));
    expect(await socket.bytes()).toEqual(Buffer.alloc(200_000, 5));
    socket.socket.send("bye");
    expect(await socket.closed).toBe(3_005);
    expect(params(api)).toEqual({ service: "page", path: "/live?x=1" });
  });

  test("that its client closes has told the page all that was sent before", async () => {
    const heard: number[] = [];
    const { api, user, base, closed } = await pages(undefined, async (stream) => {
      for await (const message of decodeSocketMessages(stream)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (message.kind === "binary") heard.push(message.bytes.length);
      }
    });
    await using _ = api;
    const { socket } = await api.socket(`${base}/`, own(user));
    for (let n = 1; n <= 50; n++) socket.send(Buffer.alloc(n * 1_000));
    socket.close();
    await closed[0];
    await eventually(() => heard.length).toBe(50);
    expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => (n + 1) * 1_000));
  });

  test("is opened by no page of another origin, with or without a cookie (CAT-53)", async () => {
    const { api, user, base } = await pages(undefined, echo);
    await using _ = api;
    const cookie = { cookie: `farhand_session=${user.token}` };
    for (const headers of [
      { ...cookie, origin: "https://evil.test" },
      { ...cookie, origin: "null" },
      cookie,
      { ...own(user), origin: "null" },
    ])
      await expect(api.socket(`${base}/`, headers), JSON.stringify(headers)).rejects.toMatchObject({ status: 403 });
    expect(api.lines.asked).toEqual([]);
  });

  test("is cut with its session, and a worker that says what is no message is not passed on", async () => {
    const { api, user, base, closed } = await pages(undefined, echo);
    await using _ = api;
    const cut = await api.socket(`${base}/`, own(user));
    const other = await api.user("other", "operator");
    await eventually(() => closed.length).toBe(1);
    await api.access.sessions.endAll(user.id, "ended");
    expect(await cut.closed).toBe(4_401);
    await closed[0];
    api.lines.output = () => {
      const { server, worker } = streamPair();
      worker.write(Buffer.from([7, 0, 0, 0, 1, 1]));
      return { result: {}, stream: server };
    };
    const fooled = await api.socket(`${base}/`, own(other));
    expect(await fooled.next()).toMatchObject({ problem: { code: "MESSAGE_INVALID" } });
    expect(await fooled.closed).toBeGreaterThan(4_000);
  });
});
