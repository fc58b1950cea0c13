import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { silentLog } from "#core";
import { RemoteError } from "#fleet";
import { apiKit, eventually, openAnswer, streamPair } from "../../../test/kit/api.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { ServerError } from "../errors.ts";

const kit = apiKit();
const unit = "AbCd1234";
const boundary = "----farhand-test";
const type = { "content-type": `multipart/form-data; boundary=${boundary}` };

/** A form with the request first and a payload behind it. */
async function* form(request: object, payload: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const field = `content-disposition: form-data; name="request"\r\n\r\n${JSON.stringify(request)}\r\n`;
  yield Buffer.from(`--${boundary}\r\n${field}--${boundary}\r\n`);
  yield Buffer.from('content-disposition: form-data; name="payload"; filename="p"\r\ncontent-type: text/plain\r\n\r\n');
  for await (const chunk of payload) yield Buffer.from(chunk);
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

async function* chunks(bytes: number, made: { bytes: number; sha256: string }): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const chunk = randomBytes(65_536);
  for (; made.bytes < bytes; made.bytes += chunk.length) {
    hash.update(chunk);
    yield chunk;
  }
  made.sha256 = hash.digest("hex");
}

describe("submitting", () => {
  test("a payload goes on as it comes, and nothing of it is kept here", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => ({ unit, state: "queued" });
    const made = { bytes: 0, sha256: "" };
    const before = process.memoryUsage();
    const raw = form({ workType: "cat", params: { a: "-" } }, chunks(256 * 1024 * 1024, made));
    const answer = await api.ask("POST", `/api/workers/${worker}/units`, { auth: user.auth, headers: type, raw });
    expect(answer).toMatchObject({ status: 201, json: { unit } });
    expect(api.lines.payloads).toMatchObject([
      { params: { workType: "cat", params: { a: "-" } }, whole: true, ...made },
    ]);
    const after = process.memoryUsage();
    expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(128 * 1024 * 1024);
  });

  test.each([{}, { "idempotency-key": "k1" }])("of one that was refused nothing is waited for: %o", async (keyed) => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    api.lines.answer = () => {
      throw new ServerError("WORKER_AWAY", "the worker w1 is not connected");
    };
    const before = timers();
    const raw = form({ workType: "cat" }, Readable.from([Buffer.alloc(1_000_000)]));
    const headers = { ...type, ...keyed };
    const answer = await api.ask("POST", `/api/workers/${worker}/units`, { auth: user.auth, headers, raw });
    expect(answer).toMatchObject({ json: { code: "WORKER_AWAY" } });
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test("a worker whose disk is full says so in its own words", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => {
      throw new RemoteError({ code: "STORAGE_FAILED", status: 507, message: "no unit can be stored" });
    };
    const answer = await api.ask("POST", `/api/workers/${worker}/units`, {
      auth: user.auth,
      body: { workType: "cat" },
    });
    expect(answer).toMatchObject({ status: 507, json: { code: "STORAGE_FAILED", detail: "no unit can be stored" } });
  });

  test("text comes as JSON", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => ({ unit, state: "started" });
    const body = { workType: "cat", payload: "héllo" };
    expect((await api.ask("POST", `/api/workers/${worker}/units`, { auth: user.auth, body })).status).toBe(201);
    expect(api.lines.payloads).toMatchObject([{ params: { workType: "cat" }, bytes: 6, whole: true }]);
  });

  test("the request of a form may say that it is JSON, and is looked at all the same", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => ({ unit, state: "started" });
    const send = async (request: string) => {
      const field = `content-disposition: form-data; name="request"\r\ncontent-type: application/json\r\n\r\n${request}`;
      const raw = `--${boundary}\r\n${field}\r\n--${boundary}--\r\n`;
      return await api.ask("POST", `/api/workers/${worker}/units`, { auth: user.auth, headers: type, raw });
    };
    expect(await send('{"workType":"cat"}')).toMatchObject({ status: 201, json: { unit } });
    for (const wrong of ["{", '"cat"', '{"workType":"cat","__proto__":{}}', `${"[".repeat(100)}${"]".repeat(100)}`])
      expect((await send(wrong)).status, wrong).toBe(400);
  });

  test("a payload that is too large or breaks off does not pass for a whole one", async () => {
    await using api = await kit.open({ limits: { payloadBytes: 100_000 } });
    const [user, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => ({ unit, state: "started" });
    const path = `/api/workers/${worker}/units`;
    const raw = form({ workType: "cat" }, chunks(300_000, { bytes: 0, sha256: "" }));
    const answer = await api.ask("POST", path, { auth: user.auth, headers: type, raw });
    expect(answer).toMatchObject({ status: 413, json: { code: "BODY_TOO_LARGE" } });
    expect(api.lines.payloads[0]?.whole).toBe(false);
    const gone = new AbortController();
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10, "x");
      await new Promise((_resolve, reject) => gone.signal.addEventListener("abort", () => reject(new Error("gone"))));
    };
    const broken = openAnswer(api.port, "POST", path, {
      auth: user.auth,
      headers: type,
      raw: form({ workType: "cat" }, endless()),
      signal: gone.signal,
    });
    broken.catch(() => {});
    await eventually(() => api.lines.payloads.length).toBe(2);
    gone.abort();
    await eventually(() => api.api.openCalls()).toBe(0);
    expect(api.lines.payloads[1]?.whole).toBe(false);
  });

  test("a form in the wrong order, without a request, or that somebody else may not send is refused", async () => {
    await using api = await kit.open();
    const [op, viewer] = [await api.user("op", "operator"), await api.user("v", "viewer")];
    const worker = await api.worker("w1");
    const path = `/api/workers/${worker}/units`;
    const file = `--${boundary}\r\ncontent-disposition: form-data; name="payload"; filename="p"\r\n\r\nx\r\n--${boundary}--\r\n`;
    const code = async (options: object) => (await api.ask("POST", path, options)).json.code;
    expect(await code({ auth: op.auth, headers: type, raw: file })).toBe("REQUEST_INVALID");
    expect(await code({ auth: op.auth, headers: type, raw: form({ workType: "" }, Readable.from([])) })).toBe(
      "REQUEST_INVALID",
    );
    expect(await code({ auth: viewer.auth, headers: type, raw: form({ workType: "cat" }, Readable.from([])) })).toBe(
      "LEVEL_TOO_LOW",
    );
    expect((await api.ask("POST", "/api/users", { auth: op.auth, headers: type, raw: file })).status).toBe(403);
    const root = await api.user("root", "admin");
    expect((await api.ask("POST", "/api/users", { auth: root.auth, headers: type, raw: file })).json.code).toBe(
      "BODY_TYPE",
    );
    expect(api.lines.asked).toEqual([]);
  });

  test("whoever asks first whether to send the body is told so when they may, and else is not", async () => {
    await using api = await kit.open();
    const [op, viewer] = [await api.user("op", "operator"), await api.user("v", "viewer")];
    const worker = await api.worker("w1");
    api.lines.answer = () => ({ unit, state: "started" });
    const head = (user: typeof op): string =>
      `POST /api/workers/${worker}/units HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${user.auth.authorization}\r\n` +
      `content-type: application/json\r\ncontent-length: 18\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n`;
    expect(await api.raw(`${head(op)}{"workType":"cat"}`)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201/);
    expect(await api.raw(head(viewer))).toMatch(/^HTTP\/1\.1 403/);
  });
});

describeWithStores("the same Idempotency-Key", ({ open }) => {
  test("does a thing once, and answers alike", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const [op, other] = [await api.user("op", "operator"), await api.user("other", "operator")];
    const worker = await api.worker("w1");
    let made = 0;
    api.lines.answer = () => ({ unit: `Unit${++made}`, state: "started" });
    const submit = async (auth: Record<string, string>, key: string, workType = "cat") =>
      await api.ask("POST", `/api/workers/${worker}/units`, {
        auth,
        body: { workType },
        headers: { "idempotency-key": key },
      });
    const first = await submit(op.auth, "k1");
    expect(first).toMatchObject({ status: 201, json: { unit: "Unit1" } });
    const again = await submit(op.auth, "k1");
    expect(again).toMatchObject({ status: 201, json: { unit: "Unit1" }, headers: { "idempotency-replayed": "true" } });
    expect((await submit(op.auth, "k1", "dog")).json.code).toBe("IDEMPOTENCY_REUSED");
    expect((await submit(other.auth, "k1")).json).toMatchObject({ unit: "Unit2" });
    expect((await submit(op.auth, "k2")).json).toMatchObject({ unit: "Unit3" });
    expect((await submit(op.auth, "a b".repeat(200))).json.code).toBe("REQUEST_INVALID");
  });

  test("at the same time lets one through, and the rest know that it goes on", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    let end = (_unit: object): void => {};
    api.lines.answer = () => new Promise((resolve) => (end = resolve));
    const submit = async () =>
      await api.ask("POST", `/api/workers/${worker}/units`, {
        auth: op.auth,
        body: { workType: "cat" },
        headers: { "idempotency-key": "k" },
      });
    const first = submit();
    await eventually(() => api.lines.asked.length).toBe(1);
    expect((await submit()).json.code).toBe("IDEMPOTENCY_RUNNING");
    end({ unit, state: "started" });
    expect((await first).status).toBe(201);
    expect((await submit()).json).toMatchObject({ unit });
    expect(api.lines.asked).toHaveLength(1);
  });

  test("says of what was broken off with its server that nobody knows its end, and not that it goes on", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const cancelBy = async (to: typeof api) =>
      await to.ask("POST", `/api/workers/${worker}/units/${unit}/cancel`, {
        auth: op.auth,
        headers: { "idempotency-key": "k" },
      });
    let end = (_unit: object): void => {};
    api.lines.answer = () => new Promise((resolve) => (end = resolve));
    const broken = cancelBy(api);
    await eventually(() => api.lines.asked.length).toBe(1);
    await using restarted = await kit.over(store);
    expect((await cancelBy(restarted)).json.code).toBe("IDEMPOTENCY_LOST");
    expect((await cancelBy(restarted)).json.code).toBe("IDEMPOTENCY_LOST");
    expect(restarted.lines.asked).toEqual([]);
    end({ unit, pending: false });
    await broken;
  });

  test("asks again for a unit that was broken off with its server, under the name that the key gave it", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const submitTo = async (to: typeof api, key = "k") =>
      await to.ask("POST", `/api/workers/${worker}/units`, {
        auth: op.auth,
        body: { workType: "cat" },
        headers: { "idempotency-key": key },
      });
    let end = (_unit: object): void => {};
    api.lines.answer = () => new Promise((resolve) => (end = resolve));
    const broken = submitTo(api);
    await eventually(() => api.lines.asked.length).toBe(1);
    const named = api.lines.asked[0]?.params["unit"];
    expect(named).toMatch(/^[0-9a-f]{32}$/);

    await using restarted = await kit.over(store);
    const taken = new RemoteError({
      code: "UNIT_TAKEN",
      message: `unit ${String(named)} is there already`,
      status: 409,
    });
    const cause: { now?: string } = {};
    restarted.lines.answer = ({ method, params }) => {
      if (method === "units.status")
        return { id: params["unit"], ...(cause.now !== undefined && { cause: cause.now }) };
      if (params["unit"] === named) throw taken;
      return { unit: params["unit"], state: "started" };
    };
    expect((await submitTo(restarted)).json.code).toBe("UNIT_TAKEN");
    cause.now = "EXITED";
    // So it is also when the key has been forgotten, after a day: the answer says what it made.
    expect(await submitTo(restarted)).toMatchObject({
      status: 409,
      json: {
        code: "UNIT_TAKEN",
        detail: expect.stringMatching(
          new RegExp(`Idempotency-Key has made unit ${String(named)} already.*another key`),
        ),
        unit: named,
        remedy: expect.stringContaining("farhand units show"),
      },
    });
    expect(new Set(restarted.lines.asked.map(({ params }) => params["unit"]))).toEqual(new Set([named]));
    // The first payload broke off with its server: that one never ran and never will.
    cause.now = "INPUT_FAILED";
    const again = await submitTo(restarted);
    expect(again).toMatchObject({ status: 201, json: { unit: expect.stringMatching(/^[0-9a-f]{32}$/) } });
    expect(again.json["unit"]).not.toBe(named);
    expect((await submitTo(restarted)).headers["idempotency-replayed"]).toBe("true");
    expect((await submitTo(restarted, "k2")).json["unit"]).not.toBe(again.json["unit"]);
    end({ unit, state: "started" });
    await broken;
  });

  test("with other bytes behind the same request is another request", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const submit = async (payload: string, key = "k") =>
      await api.ask("POST", `/api/workers/${worker}/units`, {
        auth: op.auth,
        headers: { ...type, "idempotency-key": key },
        raw: form({ workType: "cat" }, Readable.from([Buffer.from(payload)])),
      });
    let end = (_unit: object): void => {};
    api.lines.answer = () => new Promise((resolve) => (end = resolve));
    const first = submit("one");
    await eventually(() => api.lines.payloads[0]?.whole).toBe(true);
    // While nobody knows what the first one's bytes are: wait, and ask again.
    expect((await submit("two")).json.code).toBe("IDEMPOTENCY_RUNNING");
    end({ unit, state: "started" });
    expect((await first).status).toBe(201);
    expect(await submit("one")).toMatchObject({ status: 201, headers: { "idempotency-replayed": "true" } });
    for (const other of ["two", "", "on", "one "])
      expect((await submit(other)).json.code, other).toBe("IDEMPOTENCY_REUSED");
    expect(api.lines.payloads).toHaveLength(1);
    api.lines.answer = () => ({ unit, state: "started" });
    expect((await submit("two", "k2")).status).toBe(201);
    // Without a payload, as a form or as JSON, is the same.
    const plain = { auth: op.auth, headers: { "idempotency-key": "k3" } };
    const path = `/api/workers/${worker}/units`;
    expect((await api.ask("POST", path, { ...plain, body: { workType: "cat" } })).status).toBe(201);
    expect((await submit("", "k3")).headers["idempotency-replayed"]).toBe("true");
    expect((await submit("x", "k3")).json.code).toBe("IDEMPOTENCY_REUSED");
  });

  test("may come with a payload that nobody wants to hold, the second time too", async () => {
    await using store = await open();
    await using api = await kit.over(store, { limits: { streamIdleMs: 300 } });
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => ({ unit, state: "started" });
    const block = Buffer.alloc(65_536, 7);
    const many = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < 1_024; at++) yield block;
    };
    const submit = (payload: AsyncIterable<Uint8Array>, signal?: AbortSignal) =>
      api.ask("POST", `/api/workers/${worker}/units`, {
        auth: op.auth,
        headers: { ...type, "idempotency-key": "k" },
        raw: form({ workType: "cat" }, payload),
        ...(signal && { signal }),
      });
    expect((await submit(many())).status).toBe(201);
    const before = process.memoryUsage();
    expect((await submit(many())).headers["idempotency-replayed"]).toBe("true");
    const after = process.memoryUsage();
    expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(40 * 1024 * 1024);
    // One that does not go on is not waited for.
    const gone = new AbortController();
    const stuck = async function* (): AsyncGenerator<Buffer> {
      yield block;
      await new Promise((_resolve, reject) => gone.signal.addEventListener("abort", () => reject(new Error("gone"))));
    };
    const waits = submit(stuck(), gone.signal).catch(() => {});
    await eventually(() => api.api.openCalls()).toBe(1);
    await eventually(() => api.api.openCalls()).toBe(0);
    gone.abort();
    await waits;
    expect(api.lines.payloads).toHaveLength(1);
  });

  test("says of what its client went away from that nobody knows its end, and logs no defect", async () => {
    await using store = await open();
    const errors: string[] = [];
    await using api = await kit.over(store, { log: { ...silentLog, error: (text) => void errors.push(text) } });
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = () => new Promise(() => {});
    const cancel = async (signal?: AbortSignal) =>
      await api.ask("POST", `/api/workers/${worker}/units/${unit}/cancel`, {
        auth: op.auth,
        headers: { "idempotency-key": "c" },
        ...(signal && { signal }),
      });
    const gone = new AbortController();
    const first = cancel(gone.signal);
    await eventually(() => api.lines.asked.length).toBe(1);
    gone.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    await eventually(async () => (await cancel()).json.code).toBe("IDEMPOTENCY_LOST");
    expect(api.lines.asked).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  test("tells the answer also when the database does not take it", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.answer = async () => {
      await store.db.schema.dropTable("idempotency").execute();
      return { unit, state: "started" };
    };
    const answer = await api.ask("POST", `/api/workers/${worker}/units`, {
      auth: op.auth,
      body: { workType: "cat" },
      headers: { "idempotency-key": "k" },
    });
    expect(answer).toMatchObject({ status: 201, json: { unit } });
  });

  test("tries again what was refused, and not what nobody knows the end of", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const root = await api.user("root", "admin");
    const make = async (body: object) =>
      await api.ask("POST", "/api/users", { auth: root.auth, body, headers: { "idempotency-key": "k" } });
    const zoe = { name: "zoe", password: "short", role: "viewer" };
    expect((await make(zoe)).json.code).toBe("PASSWORD_UNFIT");
    expect((await make({ ...zoe, password: "a horse in the corridor" })).status).toBe(201);
    const worker = await api.worker("w1");
    api.lines.answer = () => {
      throw new Error("the line broke");
    };
    const cancel = async () =>
      await api.ask("POST", `/api/workers/${worker}/units/${unit}/cancel`, {
        auth: root.auth,
        headers: { "idempotency-key": "c" },
      });
    expect((await cancel()).status).toBe(500);
    expect(await cancel()).toMatchObject({ status: 500, headers: { "idempotency-replayed": "true" } });
    expect(api.lines.asked).toHaveLength(1);
  });

  test("never shows a secret again, and none is stored", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const root = await api.user("root", "admin");
    const make = async () =>
      await api.ask("POST", "/api/enrolments", { auth: root.auth, body: {}, headers: { "idempotency-key": "k" } });
    const first = await make();
    expect(first).toMatchObject({ status: 201, json: { token: expect.stringMatching(/^fh1\./) } });
    expect((await make()).json.code).toBe("IDEMPOTENCY_SHOWN");
    const rows = await store.db.selectFrom("idempotency").selectAll().execute();
    expect(rows).toMatchObject([{ status: 201, body: null }]);
  });
});

describe("output", () => {
  test("comes from a byte on, as a range too", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("v", "viewer"), await api.worker("w1")];
    const all = Buffer.from("0123456789");
    api.lines.output = ({ params }) => ({
      result: { state: 2, size: all.length },
      stream: Readable.from([all.subarray(params["from"] as number)], { objectMode: false }) as never,
    });
    const path = `/api/workers/${worker}/units/${unit}/output`;
    expect(await api.ask("GET", `${path}?from=4`, user)).toMatchObject({ status: 200, text: "456789" });
    const ranged = await api.ask("GET", path, { auth: user.auth, headers: { range: "bytes=7-" } });
    expect(ranged).toMatchObject({ status: 206, text: "789", headers: { "content-range": "bytes 7-9/10" } });
    const beyond = await api.ask("GET", path, { auth: user.auth, headers: { range: "bytes=10-" } });
    expect(beyond).toMatchObject({ status: 416, json: { code: "RANGE_UNSATISFIABLE" } });
    const both = await api.ask("GET", `${path}?from=1`, { auth: user.auth, headers: { range: "bytes=1-" } });
    expect(both.status).toBe(400);
  });

  test("comes while the unit runs, until it ends", async () => {
    await using api = await kit.open();
    const [user, worker] = [await api.user("v", "viewer"), await api.worker("w1")];
    const { server, worker: end } = streamPair();
    api.lines.output = () => ({ result: { state: 1, size: 0 }, stream: server });
    const answer = await openAnswer(api.port, "GET", `/api/workers/${worker}/units/${unit}/output?follow=true`, user);
    for (const line of ["one\n", "two\n"]) {
      end.write(line);
      expect(String((await once(answer, "data"))[0])).toBe(line);
    }
    end.end();
    await once(answer, "end");
    expect(answer.complete).toBe(true);
  });
});

describe("what moves rarely", () => {
  test("is not taken for a connection that nobody uses", async () => {
    await using api = await kit.open({ limits: { idleMs: 150 } });
    const [user, worker] = [await api.user("v", "viewer"), await api.worker("w1")];
    const { server, worker: end } = streamPair();
    api.lines.output = () => ({ result: { state: 1, size: 0 }, stream: server });
    const answer = await openAnswer(api.port, "GET", `/api/workers/${worker}/units/${unit}/output?follow=true`, user);
    await new Promise((resolve) => setTimeout(resolve, 600));
    end.write("at last\n");
    expect(String((await once(answer, "data"))[0])).toBe("at last\n");
    answer.destroy();
  });
});

describe("tunnels", () => {
  test("a shell takes bytes both ways and its size, for whom it is open", async () => {
    await using api = await kit.open();
    const [root, op] = [await api.user("root", "admin"), await api.user("op", "operator")];
    const worker = await api.worker("w1");
    const { server, worker: end } = streamPair();
    api.lines.output = () => ({ result: { shell: "s1" }, stream: server });
    const path = `/api/workers/${worker}/shell?rows=50&columns=120`;
    await expect(api.socket(path, op.auth)).rejects.toMatchObject({ status: 403 });
    const shell = await api.socket(path, root.auth);
    shell.socket.send(Buffer.from("ls\n"));
    expect(await shell.next()).toEqual({ opened: "s1" });
    expect(String((await once(end, "data"))[0])).toBe("ls\n");
    end.write("file\n");
    expect(String(await shell.bytes())).toBe("file\n");
    shell.socket.send(JSON.stringify({ resize: { rows: 10, columns: 20 } }));
    await eventually(() => api.lines.asked).toMatchObject([
      { method: "shell.open", params: { rows: 50, columns: 120 } },
      { method: "shell.resize", params: { shell: "s1", rows: 10, columns: 20 } },
    ]);
    end.end();
    expect(await shell.closed).toBe(1000);
  });

  test("a connection to a service ends with its client, and with what it rests on", async () => {
    await using api = await kit.open();
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    const opened = () => {
      const pair = streamPair();
      api.lines.output = () => ({ result: {}, stream: pair.server });
      return pair;
    };
    const first = opened();
    const one = await api.socket(`/api/workers/${worker}/tcp/web`, op.auth);
    one.socket.send(Buffer.from("GET / HTTP/1.0\r\n\r\n"));
    await once(first.worker, "data");
    one.socket.send(JSON.stringify({ end: true }));
    await once(first.worker, "end");
    one.socket.close();
    await first.closed;
    const second = opened();
    const two = await api.socket(`/api/workers/${worker}/tcp/web`, op.auth);
    await eventually(() => api.lines.asked.length).toBe(2);
    await api.access.sessions.endAll(op.id, "ended");
    expect(await two.closed).toBe(4401);
    await second.closed;
  });

  test("what the worker refuses is said before the WebSocket closes", async () => {
    await using api = await kit.open();
    const [op, worker] = [await api.user("op", "operator"), await api.worker("w1")];
    api.lines.output = () => {
      throw new Error("broken in some way");
    };
    const socket = await api.socket(`/api/workers/${worker}/tcp/web`, op.auth);
    expect(await socket.next()).toMatchObject({ problem: { status: 500, code: "SERVER_FAILED" } });
    expect(await socket.closed).toBe(4500);
  });
});
