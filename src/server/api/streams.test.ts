import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { RemoteError } from "#fleet";
import { apiKit, eventually, openAnswer, streamPair, type TestApi, type TestUser } from "../../../test/kit/api.ts";

const kit = apiKit();
const unit = "AbCd1234";

/** A worker that prints a number as often as it can, and what of it a viewer gets. */
async function counting(api: TestApi, user: TestUser, worker: string, headers: Record<string, string> = {}) {
  const { server, worker: end } = streamPair();
  let count = 0;
  const timer = setInterval(() => void end.write(`${++count}\n`), 10);
  end.once("close", () => clearInterval(timer));
  server.once("close", () => clearInterval(timer));
  api.lines.output = () => ({ result: { state: 1, size: 0 }, stream: server });
  const path = `/api/workers/${worker}/units/${unit}/output?follow=true`;
  const answer = await openAnswer(api.port, "GET", path, { auth: user.auth, headers });
  answer.setEncoding("utf8");
  let last = 0;
  answer.on("data", (text: string) => void (last = Number(text.trim().split("\n").at(-1))));
  answer.on("error", () => {});
  await once(answer, "data");
  const over = new Promise((resolve) => answer.once("close", resolve));
  return { over, written: () => count, seen: () => last, complete: () => answer.complete };
}

const causes: Readonly<Record<string, (api: TestApi, user: TestUser, worker: string) => Promise<unknown>>> = {
  logout: (api, user) => api.ask("POST", "/api/logout", user),
  "user disabled": (api, { id }) => api.access.accounts.disable(id),
  "role changed": (api, { id }) => api.access.accounts.setRole(id, "viewer", { site: "b" }),
  "password changed": (api, { id }) => api.access.accounts.setPassword(id, "another good one 77"),
  "factor reset": (api, { id }) => api.access.factors.reset(id),
  "ended by an admin": async (api, { id }) => {
    const root = await api.user("other-root", "admin");
    await api.ask("DELETE", `/api/users/${id}/sessions`, root);
  },
  "worker's labels changed": async (api) => {
    const root = await api.user("other-root", "admin");
    await api.ask("PATCH", "/api/workers/w1", { auth: root.auth, body: { labels: { site: "b" } } });
  },
  "worker removed": (api, _user, worker) => api.registry.remove(worker, "root"),
};

describe("a stream is cut (CAT-59, CAT-67)", () => {
  test.each(Object.keys(causes))("when: %s", async (cause) => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator", { site: "a" }), await api.worker("w1", { site: "a" })];
    const stream = await counting(api, user, worker);
    await causes[cause]?.(api, user, worker);
    const at = stream.written();
    await stream.over;
    expect(stream.complete()).toBe(false);
    // 10 ms each, on a machine that may be busy: two seconds are 200.
    expect(stream.seen() - at).toBeLessThan(200);
    await eventually(() => api.api.openCalls()).toBe(0);
    if (!cause.startsWith("worker")) expect(api.lines.cuts).toContain(user.session);
  });

  test("when its connection handle is closed, and another stream of the session goes on", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const control = await api.socket("/api/connection", user.auth);
    const handle = (await control.next())["connection"] as string;
    const under = await counting(api, user, worker, { "x-connection": handle });
    const beside = await counting(api, user, worker);
    control.socket.close();
    await under.over;
    expect(under.complete()).toBe(false);
    const before = beside.seen();
    await eventually(() => beside.seen()).toBeGreaterThan(before);
  });

  test("when the token it was opened with is revoked", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const wish = { name: "t", scopes: ["workers:operate"], expiresAt: null };
    const { token, apiToken } = await api.access.apiTokens.make(user.id, wish);
    const stream = await counting(api, { ...user, auth: { authorization: `Bearer ${token}` } }, worker);
    await api.access.apiTokens.revoke(user.id, apiToken.id);
    await stream.over;
    expect(stream.complete()).toBe(false);
  });

  test.each<[string, (api: TestApi, user: TestUser, worker: string) => Promise<unknown>]>([
    [
      "the session is gone",
      ({ store }, { session }) => store.db.deleteFrom("session").where("id", "=", session).execute(),
    ],
    [
      "the user is disabled",
      ({ store }, { id }) => store.db.updateTable("user").set({ disabled: 1 }).where("id", "=", id).execute(),
    ],
    [
      "the role does not count there",
      ({ store }, { id }) =>
        store.db.updateTable("user").set({ labels: '{"site":"b"}' }).where("id", "=", id).execute(),
    ],
    [
      "the worker is removed",
      ({ store }, _user, id) => store.db.updateTable("worker").set({ state: "removed" }).where("id", "=", id).execute(),
    ],
  ])("when another server has ended what it rests on, of which nobody told this one: %s", async (_name, change) => {
    await using api = await kit.open({ limits: { recheckEveryMs: 100 } });
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const stream = await counting(api, user, worker);
    await change(api, user, worker);
    await stream.over;
    expect(stream.complete()).toBe(false);
  });

  test.each<[string, (api: TestApi, user: TestUser) => Promise<unknown>, number]>([
    ["the session ends", (api, { id }) => api.access.sessions.endAll(id, "ended"), 401],
    ["the role is taken away", (api, { id }) => api.access.accounts.setRole(id, "viewer", { site: "b" }), 401],
    ["the worker is removed", (api) => api.registry.remove("w1", "root"), 404],
  ])("before it stands among what is open, when in the middle of its checks: %s", async (_name, change, status) => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const { callers } = api.access;
    const identify = callers.identify.bind(callers);
    callers.identify = async (...given) => {
      const known = await identify(...given);
      callers.identify = identify;
      await change(api, user);
      return known;
    };
    api.lines.output = () => ({ result: { size: 0 }, stream: streamPair().server });
    const path = `/api/workers/${worker}/units/${unit}/output?follow=true`;
    const answer = await openAnswer(api.port, "GET", path, { auth: user.auth });
    answer.destroy();
    expect(answer.statusCode).toBe(status);
    expect(api.lines.asked).toEqual([]);
  });

  test("when nothing moves on it, and after its longest time however much does", async () => {
    for (const limits of [{ streamIdleMs: 300 }, { streamTotalMs: 600 }]) {
      await using api = await kit.open({ limits });
      const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
      const { server, worker: end } = streamPair();
      const drip = setInterval(() => void ("streamTotalMs" in limits && end.write("x")), 20);
      api.lines.output = () => ({ result: { size: 0 }, stream: server });
      const asked = api.ask("GET", `/api/workers/${worker}/units/${unit}/output?follow=true`, user);
      await expect(asked).rejects.toThrow("aborted");
      clearInterval(drip);
    }
  });

  test("a call that waits for its worker ends with its session, and the worker's side is told", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => new Promise(() => {});
    const waiting = api.ask("GET", `/api/workers/${worker}/units/${unit}`, user);
    await eventually(() => api.lines.asked.length).toBe(1);
    await api.access.sessions.endAll(user.id, "ended");
    expect(await waiting).toMatchObject({ status: 401, json: { code: "SESSION_CUT" } });
    expect(api.lines.asked[0]?.signal.aborted).toBe(true);
  });

  test("a client that goes away leaves nothing behind", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const { server, closed } = streamPair();
    api.lines.output = () => ({ result: { size: 0 }, stream: server });
    const gone = new AbortController();
    const path = `/api/workers/${worker}/units/${unit}/output?follow=true`;
    const answer = await openAnswer(api.port, "GET", path, { auth: user.auth, signal: gone.signal });
    answer.on("error", () => {});
    expect(api.api.openCalls()).toBe(1);
    gone.abort();
    await closed;
    await eventually(() => api.api.openCalls()).toBe(0);
  });
});

test("why a WebSocket is refused is told to whoever asks for it as for a page: no browser tells its pages", async () => {
  await using api = await kit.open();
  const [viewer, root, worker] = [
    await api.user("v", "viewer"),
    await api.user("root", "admin"),
    await api.worker("w1"),
  ];
  const path = `/api/workers/${worker}/shell`;
  expect(await api.ask("GET", path)).toMatchObject({ status: 401, json: { code: "CREDENTIAL_MISSING" } });
  expect(await api.ask("GET", path, viewer)).toMatchObject({ status: 403, json: { code: "LEVEL_TOO_LOW" } });
  expect(await api.ask("GET", path, root)).toMatchObject({ status: 400, json: { code: "REQUEST_INVALID" } });
  expect(api.lines.asked).toEqual([]);
  await eventually(() => api.api.openCalls()).toBe(0);
});

describe("a connection handle", () => {
  test("is dead when its client answers no ping (CAT-49)", async () => {
    await using api = await kit.open({ limits: { pingEveryMs: 50, pongWithinMs: 200 } });
    const user = await api.user("op", "operator");
    const control = await api.socket("/api/connection", user.auth);
    await control.next();
    // From here on nothing of what comes is read, and no pong is sent.
    control.socket.pause();
    expect(api.api.openCalls()).toBe(1);
    await eventually(() => api.api.openCalls()).toBe(0);
  });

  test("lives on while its client answers", async () => {
    await using api = await kit.open({ limits: { pingEveryMs: 20, pongWithinMs: 5_000 } });
    const user = await api.user("op", "operator");
    const control = await api.socket("/api/connection", user.auth);
    await control.next();
    for (let n = 0; n < 3; n++) await once(control.socket, "ping");
    expect(api.api.openCalls()).toBe(1);
  });
});

describe("the way back from a worker (CAT-60)", () => {
  test("brings no header of its own, no status that speaks for the server, and nothing a browser runs", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("root", "admin"), await api.worker("w1")];
    const html = "<script>alert(1)</script>";
    api.lines.output = () => ({
      result: { size: html.length, "set-cookie": "a=b", location: "https://evil.test", status: 302 },
      stream: Readable.from([Buffer.from(html)]) as never,
    });
    const output = await api.ask("GET", `/api/workers/${worker}/units/${unit}/output`, user);
    expect(output).toMatchObject({ status: 200, text: html });
    expect(output.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": "attachment",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
    for (const name of ["set-cookie", "location", "service-worker-allowed", "access-control-allow-origin"])
      expect(output.headers[name]).toBeUndefined();

    for (const [status, told] of [
      [401, 502],
      [302, 502],
      [200, 502],
      [409, 409],
    ] as const) {
      api.lines.answer = () => {
        throw new RemoteError({ code: "SOME_CODE", message: "no", status });
      };
      const answer = await api.ask("GET", `/api/workers/${worker}/units/${unit}`, user);
      expect(answer.status, String(status)).toBe(told);
      expect(answer.headers["www-authenticate"]).toBeUndefined();
    }
  });

  test("brings nothing that the method does not declare", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("root", "admin"), await api.worker("w1")];
    api.lines.answer = () => ({ units: [], evil: "<script>" });
    const answer = await api.ask("GET", `/api/workers/${worker}/units`, user);
    expect(answer).toMatchObject({ status: 502, json: { code: "REPLY_INVALID" } });
    expect(answer.text).not.toContain("script");
  });

  test("ends when the worker sends more than it announced, or does not answer", async () => {
    await using api = await kit.open({ limits: { callMs: 300 } });
    const [user, worker] = [await api.user("root", "admin"), await api.worker("w1")];
    const endless = new PassThrough();
    const fill = setInterval(() => endless.write(randomBytes(1024)), 1);
    api.lines.output = () => ({ result: { size: 10_000 }, stream: endless });
    await expect(api.ask("GET", `/api/workers/${worker}/units/${unit}/output`, user)).rejects.toThrow("aborted");
    clearInterval(fill);
    api.lines.answer = () => new Promise(() => {});
    const late = await api.ask("GET", `/api/workers/${worker}/units/${unit}`, user);
    expect(late).toMatchObject({ status: 503, json: { code: "WORKER_UNREACHABLE" } });
  });

  test("a reader that does not read costs no memory", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("root", "admin"), await api.worker("w1")];
    const chunk = Buffer.alloc(65_536, "x");
    let made = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          made += chunk.length;
          yield chunk;
        }
      })(),
      { objectMode: false },
    );
    api.lines.output = () => ({ result: { size: 0 }, stream: endless as never });
    const path = `/api/workers/${worker}/units/${unit}/output?follow=true`;
    const answer = await openAnswer(api.port, "GET", path, { auth: user.auth });
    answer.on("error", () => {});
    let before = -1;
    // Until it stands still.
    await eventually(() => before === (before = made), 300).toBe(true);
    expect(made).toBeLessThan(32 * 1024 * 1024);
    answer.destroy();
  });
});

test("200 calls of 20 users at once: each gets its own answer (CAT-61)", async () => {
  await using api = await kit.open();
  const worker = await api.worker("w1");
  api.lines.answer = async ({ asker }) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    return { id: unit, state: 1, stateName: "Running", detail: asker.userId, workType: "x", stdoutSize: 0 };
  };
  const users = await Promise.all(Array.from({ length: 20 }, (_, n) => api.user(`u${n}`, "viewer")));
  const calls = Array.from({ length: 200 }, async (_, n) => {
    const user = users[n % 20]!;
    const { json } = await api.ask("GET", `/api/workers/${worker}/units/${unit}`, user);
    return json["detail"] === user.id;
  });
  expect((await Promise.all(calls)).filter((own) => !own)).toEqual([]);
});

test("nothing of the caller's headers reaches the worker (CAT-55)", async () => {
  await using api = await kit.open();
  const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
  api.lines.answer = () => ({ unit, pending: false });
  const hostile = [
    "x-user",
    "x_user",
    "x-assertion",
    "x-http-method-override",
    "forwarded",
    "x-forwarded-for",
    "x-identity",
  ];
  const headers = Object.fromEntries(hostile.map((name) => [name, "evil-root"]));
  const path = `/api/workers/${worker}/units/${unit}/cancel`;
  await api.ask("POST", path, { auth: user.auth, headers: { ...headers, connection: "x-assertion" } });
  const [{ signal: _signal, ...asked } = { signal: undefined }] = api.lines.asked;
  expect(asked).toEqual({
    workerId: worker,
    method: "units.cancel",
    params: { unit },
    asker: {
      userId: user.id,
      name: "op",
      roles: ["operator"],
      level: "operate",
      methods: ["pwd"],
      loggedInAt: api.access.clock.at,
      session: user.session,
      // Of the socket, whatever the headers say.
      source: "127.0.0.1",
      // A name for this connection, of the server's own making.
      connection: expect.any(String) as string,
    },
  });
});
