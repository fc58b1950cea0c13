import { describe, expect, test } from "vitest";
import { includesLevel, type Level, levels, type ServedMethod } from "#fleet";
import {
  ask,
  type ManagedWorker,
  managedWorker,
  post,
  rpc,
  type RpcReply,
  servicePassword,
  socketClient,
  streamClient,
} from "../../../test/kit/managed-worker.ts";
import type { AssertedUser } from "./mod.ts";

const greeting = {
  ...{ apiVersion: { major: 1, minor: 0 }, serviceVersion: "0.1.0", mode: "server", state: "serving", features: [] },
};

/** Parameters that fit each method; what they name need not exist. */
const fitting: Readonly<Record<string, object>> = {
  hello: greeting,
  "units.status": { unit: "nothing1" },
  "units.cancel": { unit: "nothing1" },
  "units.release": { unit: "nothing1" },
  "password.set": { password: "another horse in it" },
  "password.login": { password: "certainly not it" },
  "notices.subscribe": { topics: [] },
};

type Call = (method: string, params: object) => Promise<RpcReply>;

/** Each carrier, brought to a level as far as it gives one. */
interface Way {
  readonly name: string;
  readonly levels: readonly Level[];
  at(worker: ManagedWorker, level: Level): Promise<Call & Partial<Disposable>>;
}

const assertions = (text: string): AssertedUser => ({ name: "u", session: "s", max: text as Level, roles: ["admin"] });

async function loggedIn(worker: ManagedWorker, level: Level): Promise<string> {
  worker.settings.rules = {
    ...worker.settings.rules,
    legacyPassword: { remote: true, level, acceptHashLocally: false },
  };
  const { reply } = await post(worker, "password.login", { password: servicePassword });
  return (reply.result as { token: string }).token;
}

const ways: readonly Way[] = [
  {
    name: "socket",
    levels: ["monitor", "admin"],
    at: async (worker, level) => {
      worker.settings.rules = { ...worker.settings.rules, requirePasswordLocally: level === "monitor" };
      const client = await socketClient(worker.socket);
      return Object.assign(client.call, { [Symbol.dispose]: () => client[Symbol.dispose]() });
    },
  },
  {
    name: "https",
    levels: ["none", "monitor", "operate", "configure"],
    at: async (worker, level) => {
      const headers: Record<string, string> =
        level === "none" ? {} : { Authorization: `Bearer ${await loggedIn(worker, level)}` };
      return async (method, params) => (await post(worker, method, params, headers)).reply;
    },
  },
  {
    name: "websocket",
    levels: ["none", "monitor", "operate", "configure"],
    at: async (worker, level) => {
      const headers: Record<string, string> =
        level === "none" ? {} : { Authorization: `Bearer ${await loggedIn(worker, level)}` };
      const client = await streamClient(worker, headers);
      return Object.assign(client.call, { [Symbol.dispose]: () => client[Symbol.dispose]() });
    },
  },
  {
    name: "forwarded",
    levels,
    at: (worker, level) =>
      Promise.resolve(async (method, params) => (await post(worker, method, params, { "X-Assertion": level })).reply),
  },
];

describe("CAT-13: every method, on every carrier, at every level it gives", () => {
  for (const way of ways)
    test.each(way.levels)(`${way.name} at %s`, async (level) => {
      await using worker = await managedWorker({ api: "https", more: { checkAssertion: assertions } });
      const refused: string[] = [];
      const expected: string[] = [];
      for (const { method } of methodsOf(worker)) {
        using local = await socketClient(worker.socket);
        worker.settings.rules = { ...worker.settings.rules, requirePasswordLocally: false };
        await local.call("password.set", { password: servicePassword });
        const call = await way.at(worker, level);
        const { error } = await call(method.name, fitting[method.name] ?? {});
        call[Symbol.dispose]?.();
        if (isRefusal(error?.data.code)) refused.push(method.name);
        if (!includesLevel(level, method.level)) expected.push(method.name);
      }
      expect(refused).toEqual(expected);
    });
});

function methodsOf({ management }: ManagedWorker): ServedMethod[] {
  return [...management.table.values()];
}

const isRefusal = (code: string | undefined): boolean => code === "LEVEL_TOO_LOW" || code === "LOGIN_NEEDED";

describe("CAT-21: without password and server", () => {
  test("every call but the handshake and the login is 401, and so is the login", async () => {
    await using worker = await managedWorker({ api: "https" });
    for (const { method } of methodsOf(worker)) {
      const { status } = await post(worker, method.name, fitting[method.name] ?? {});
      const open = ["hello", "password.logout"].includes(method.name);
      expect(status, method.name).toBe(open ? 200 : 401);
    }
    expect((await post(worker, "no.such.method")).status).toBe(401);
    for (const path of ["/v1/status", "/v1/tasks"])
      expect((await ask(worker, { method: "GET", path })).status, path).toBe(401);
  });
});

describe("CAT-20: hello", () => {
  test("says version, mode, state and features to anybody", async () => {
    await using worker = await managedWorker({ api: "http", more: { features: ["streams"] } });
    const { status, reply } = await post(worker, "hello", greeting);
    expect(status).toBe(200);
    expect(reply.result).toMatchObject({
      ...{ apiVersion: { major: 1, minor: 0 }, mode: "session", state: "configured", features: ["streams"] },
    });
  });

  test.each([0, 2])("a manager of version %i gets the status, and for the rest a clear word", async (major) => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    expect(await client.call("hello", { ...greeting, apiVersion: { major, minor: 7 } })).toHaveProperty("result");
    expect(await client.call("worker.status")).toHaveProperty("result.state", "configured");
    const { error } = await client.call("units.list");
    expect(error).toMatchObject({
      message: expect.stringContaining(`you speak ${major}`) as unknown,
      data: { code: "API_UNFIT" },
    });
  });

  test("on HTTP the version comes with each request", async () => {
    await using worker = await managedWorker({ api: "http" });
    const { reply } = await post(worker, "units.list", {}, { "X-Farhand-Api": "2.1" });
    expect(reply.error?.data.code).toBe("API_UNFIT");
  });
});

describe("the worker as a whole", () => {
  test("worker.status says how it is, and no secret", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    await client.call("password.set", { password: servicePassword });
    const { result } = await client.call("worker.status");
    expect(result).toMatchObject({
      ...{ state: "configured", mode: "session", nodeId: "alpha", pid: process.pid, passwordSet: true, units: {} },
      ...{ workTypes: ["sh"], switches: { watchers: true, monitors: true, workers: true } },
    });
    expect(JSON.stringify(result)).not.toContain("argon2");
  });

  test("a misconfigured one says why and what to do; its handshake has no word for it", async () => {
    await using worker = await managedWorker();
    worker.settings.facts = { ...worker.settings.facts, state: "misconfigured", reason: "line 3", nextStep: "mend it" };
    using client = await socketClient(worker.socket);
    expect(await client.call("worker.status")).toMatchObject({
      result: { state: "misconfigured", reason: "line 3", nextStep: "mend it" },
    });
    expect(await client.call("hello", greeting)).toHaveProperty("result.state", "unconfigured");
  });

  test("worker.restart and worker.stop answer first", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    expect(await client.call("worker.restart")).toHaveProperty("result", { accepted: true });
    expect(await client.call("worker.stop")).toHaveProperty("result", { accepted: true });
    await client.call("worker.status");
    expect(worker.lived).toEqual(["restart by local user", "stop by local user"]);
  });

  test("closing waits for answers that are under way", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    const answer = client.call("password.set", { password: servicePassword });
    await client.call("worker.status").catch(() => {});
    await worker.management.close();
    expect(await answer).toHaveProperty("result");
  });
});

describe("units", () => {
  const make = (worker: ManagedWorker) => worker.node.units.allocate({ workType: "sh", params: {} });

  test("are listed newest first, page by page, none twice and none missed", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    const made = Array.from({ length: 25 }, () => make(worker).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { result } = await client.call("units.list", { limit: 7, ...(cursor !== undefined && { cursor }) });
      const page = result as { units: { id: string; createdAt: number }[]; next?: string };
      expect(page.units.length).toBeLessThanOrEqual(7);
      seen.push(...page.units.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect([...seen].sort()).toEqual([...made].sort());
    expect(new Set(seen).size).toBe(25);
  });

  test("are filtered by state and work type", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    const [one] = [make(worker), make(worker)];
    await client.call("units.cancel", { unit: one.id });
    const { result } = await client.call("units.list", { state: "canceled" });
    expect(result).toMatchObject({ units: [{ id: one.id, state: 4, stateName: "Canceled", workType: "sh" }] });
    expect(await client.call("units.list", { workType: "none" })).toHaveProperty("result", { units: [] });
    expect(await client.call("units.list", { colour: "red" })).toHaveProperty("error.data.code", "PARAMS_INVALID");
  });

  test("are looked at, cancelled and released", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    const { id } = make(worker);
    expect(await client.call("units.status", { unit: id })).toMatchObject({ result: { id, state: 0, stdoutSize: 0 } });
    expect(await client.call("units.cancel", { unit: id })).toHaveProperty("result", { unit: id, pending: false });
    expect(await client.call("units.status", { unit: id })).toMatchObject({
      result: { state: 4, cause: "CANCELED", endedAt: expect.any(Number) as unknown },
    });
    expect(await client.call("units.release", { unit: id })).toHaveProperty("result", { unit: id, pending: false });
    expect(await client.call("units.status", { unit: id })).toHaveProperty("error.data.code", "UNIT_NOT_FOUND");
  });

  test("a page ends before it is too long for a message", async () => {
    await using worker = await managedWorker();
    using client = await socketClient(worker.socket);
    for (let count = 0; count < 600; count++) {
      const unit = make(worker);
      unit.set({ ...unit.status, Detail: "x".repeat(5_000) });
    }
    const reply = await client.call("units.list");
    expect(reply).toHaveProperty("result.next");
    expect(JSON.stringify(reply).length).toBeLessThan(1024 * 1024);
  });
});

test("CAT-63: what changes something stands in the log with who wanted it; passwords never do", async () => {
  await using worker = await managedWorker();
  using client = await socketClient(worker.socket);
  await client.call("password.set", { password: servicePassword });
  await client.call("worker.status");
  await client.call("worker.switches.set", { workers: false });
  expect(worker.logged.map(({ message }) => message)).toEqual([
    "management: password.set",
    "management: worker.switches.set",
  ]);
  expect(worker.logged[1]?.fields).toMatchObject({ caller: "local user", carrier: "socket", verdict: "done" });
  expect(JSON.stringify(worker.logged)).not.toContain(servicePassword);
});

test("a batch of HTTP calls is answered in order", async () => {
  await using worker = await managedWorker({ api: "http" });
  const { json, status } = await ask(worker, { body: [rpc("hello", greeting, "a"), rpc("worker.stop", {}, 2)] });
  expect(status).toBe(200);
  expect(json).toMatchObject([
    { id: "a", result: {} },
    { id: 2, error: { data: { code: "LOGIN_NEEDED" } } },
  ]);
  expect(worker.lived).toEqual([]);
});
