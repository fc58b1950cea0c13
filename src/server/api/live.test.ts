import { describe, expect, test } from "vitest";
import { apiKit, type TestApi, type TestJson, type TestSocket } from "../../../test/kit/api.ts";

const kit = apiKit();

/** Messages until (and with) the one that is wanted. */
async function until(socket: TestSocket, wanted: (message: TestJson) => boolean): Promise<TestJson[]> {
  const got: TestJson[] = [];
  for (;;) {
    const message = await socket.next();
    got.push(message);
    if (wanted(message)) return got;
  }
}

const isListed = (message: TestJson): boolean => message["listed"] === true;
const namesOf = ({ workers = [] }: TestJson): string[] => (workers as TestJson[]).map(({ name }) => name);

async function watching(api: TestApi, user: { readonly auth: Readonly<Record<string, string>> }, start: object = {}) {
  const socket = await api.socket("/api/live", user.auth);
  socket.socket.send(JSON.stringify(start));
  return socket;
}

/** A state as presence tells it. */
const change = (workerId: string, cause: string) => ({ workerId, state: "late" as const, cause, since: 5 });

describe("live changes of workers", () => {
  test("begin with all there are, and go on as they come", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer");
    const [w1] = [await api.worker("w1"), await api.worker("w2")];
    const socket = await watching(api, user);
    const first = await until(socket, isListed);
    expect(first[0]).toMatchObject({ reset: true, position: expect.any(String) });
    expect(first.flatMap(namesOf)).toEqual(["w1", "w2"]);
    api.live.changed(change(w1, "no heartbeat"));
    const next = await socket.next();
    expect(next).toMatchObject({
      kind: "worker",
      worker: { name: "w1", state: "late", cause: "no heartbeat", level: "monitor" },
    });
    expect(JSON.stringify(next)).not.toMatch(/addresses|machine|epoch/);
  });

  test("go on from a position, with nothing missing and nothing twice", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer");
    const id = await api.worker("w1");
    const before = await watching(api, user);
    const [{ position } = { position: "" }] = (await until(before, isListed)).slice(-1);
    before.socket.close();
    for (let n = 0; n < 5; n++) api.live.changed(change(id, `cause ${n}`));
    const after = await watching(api, user, { after: position });
    for (let n = 0; n < 5; n++) expect(await after.next()).toMatchObject({ worker: { cause: `cause ${n}` } });
  });

  test("begin anew for who was away too long, or knows another server", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer");
    const id = await api.worker("w1");
    const before = await watching(api, user);
    const [{ position } = { position: "" }] = (await until(before, isListed)).slice(-1);
    // The feed of tests keeps a hundred.
    for (let n = 0; n < 150; n++) api.live.changed(change(id, `cause ${n}`));
    await until(before, (message) => JSON.stringify(message).includes("cause 149"));
    for (const old of [position, "000000000000-3", "nonsense"]) {
      const socket = await watching(api, user, { after: old });
      expect(await socket.next(), old).toMatchObject({ reset: true });
    }
  });

  test("are told of those workers only that the user may see", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer", { site: "a" });
    const [mine, theirs] = [await api.worker("mine", { site: "a" }), await api.worker("theirs", { site: "b" })];
    const socket = await watching(api, user);
    expect((await until(socket, isListed)).flatMap(namesOf)).toEqual(["mine"]);
    api.live.changed(change(theirs, "one"));
    api.live.changed(change(mine, "two"));
    expect(await socket.next()).toMatchObject({ worker: { name: "mine", cause: "two" } });
  });

  test("name a worker that was removed as it was called", async () => {
    await using api = await kit.open();
    const user = await api.user("root", "admin");
    const id = await api.worker("w1");
    const socket = await watching(api, user);
    await until(socket, isListed);
    expect((await api.ask("DELETE", `/api/workers/${id}`, user)).status).toBe(204);
    expect(await socket.next()).toMatchObject({ worker: { id, name: "w1", state: "removed" } });
    expect((await api.ask("GET", `/api/workers/${id}`, user)).status).toBe(404);
  });

  test("end with the session, and take no nonsense", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer");
    const socket = await watching(api, user);
    await until(socket, isListed);
    await api.access.sessions.end(user.id, user.session);
    expect(await socket.closed).toBe(4401);
    const other = await api.user("o", "viewer");
    const wrong = await watching(api, other, { after: 7 });
    expect(await wrong.next()).toMatchObject({ problem: { code: "REQUEST_INVALID" } });
    expect(await wrong.closed).toBe(4400);
  });
});

const beatsOf = (message: TestJson): readonly TestJson[] => message["beats"] as readonly TestJson[];
const isHealth = (message: TestJson): boolean => message["kind"] === "health";

describe("the topic health", () => {
  test("tells the last heartbeat of each worker, and those that come, to who asks for it", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer");
    const id = await api.worker("w1");
    api.health.add(id, { cpuPercent: 12.5, memoryUsedBytes: 1, uptimeSeconds: 3 });
    const socket = await watching(api, user, { topics: ["health"] });
    const [first] = (await until(socket, isHealth)).slice(-1);
    expect(beatsOf(first!)).toEqual([{ worker: id, at: expect.any(Number), cpuPercent: 12.5, memoryUsedBytes: 1 }]);
    api.health.add(id, { cpuPercent: 50 });
    const [next] = (await until(socket, isHealth)).slice(-1);
    expect(beatsOf(next!)).toMatchObject([{ cpuPercent: 50 }]);
  });

  test("tells who is restricted to labels of their workers only", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer", { region: "eu" });
    const [own, other] = [await api.worker("w1", { region: "eu" }), await api.worker("w2", { region: "us" })];
    api.health.add(other, { cpuPercent: 1 });
    api.health.add(own, { cpuPercent: 2 });
    const socket = await watching(api, user, { topics: ["health"] });
    const [first] = (await until(socket, isHealth)).slice(-1);
    expect(beatsOf(first!).map(({ worker }) => worker)).toEqual([own]);
  });

  test("is told besides the time of the server, again and again, to who asks for the topic clock", async () => {
    await using api = await kit.open({ limits: { pingEveryMs: 20 } });
    const socket = await watching(api, await api.user("v", "viewer"), { topics: ["clock"] });
    for (let n = 0; n < 3; n++) {
      const [told] = (await until(socket, ({ kind }) => kind === "clock")).slice(-1);
      expect(told?.["now"]).toEqual(expect.any(Number));
    }
  });

  test("that nobody knows is refused", async () => {
    await using api = await kit.open();
    const user = await api.user("v", "viewer");
    const socket = await watching(api, user, { topics: ["everything"] });
    expect(await socket.next()).toMatchObject({ problem: { code: "REQUEST_INVALID" } });
  });
});
