import { expect, test } from "vitest";
import { apiKit, type TestApi, type TestJson, type TestSocket, type TestUser } from "../../../test/kit/api.ts";
import { insertPendingWorker } from "../store/pending-workers.ts";

const kit = apiKit();

/** A client that watches these; what is told of workers is passed over. */
async function watching(api: TestApi, user: TestUser, ...channels: readonly (string | object)[]) {
  const socket = await api.socket("/api/live", user.auth);
  socket.socket.send(JSON.stringify(wishOf(channels)));
  return { ...socket, next: () => ofChannel(socket), watch: (...next: string[]) => say(socket, next) };
}

const wishOf = (channels: readonly (string | object)[]) => ({
  watch: channels.map((one) => (typeof one === "string" ? { channel: one } : one)),
});

const say = ({ socket }: TestSocket, channels: readonly string[]) => socket.send(JSON.stringify(wishOf(channels)));

async function ofChannel(socket: TestSocket): Promise<TestJson> {
  for (;;) {
    const message = await socket.next();
    if ("channel" in message || "problem" in message) return message;
  }
}

const fingerprint = (n: number): string => `${String(n).padStart(4, "0")}${"-0000".repeat(7)}`;

/** A machine asks to be let in. */
async function waits(api: TestApi, n: number): Promise<void> {
  const row = {
    ...{ fingerprint: fingerprint(n), name: `m${n}`, host_name: "h", mode: "session", source: "192.0.2.1" },
    ...{ created_at: n, asked_at: n, state: "pending", decided_by: null, given_name: null, given_labels: null },
  };
  await insertPendingWorker(api.store, row, { all: 1_000, ofSource: 1_000 });
  api.news.changed("pending");
}

const waitingOf = ({ value }: TestJson) =>
  (value as { readonly items: readonly TestJson[] }).items.map(({ name }) => name);
const put = (api: TestApi, name: string, ifMatch: number) =>
  api.configurations.put(name, { document: { ifMatch }, ifMatch }, "u1");

test("a machine that begins to wait is told whole, and so is the decision about it", async () => {
  await using api = await kit.open();
  const user = await api.user("root", "admin");
  const socket = await watching(api, user, "pending");
  expect(await socket.next()).toEqual({ kind: "told", channel: "pending", value: { items: [], more: 0 } });
  await waits(api, 1);
  expect(waitingOf(await socket.next())).toEqual(["m1"]);
  expect((await api.ask("POST", `/api/pending-workers/${fingerprint(1)}/reject`, user)).status).toBe(204);
  expect(waitingOf(await socket.next())).toEqual([]);
});

test("of more than can be told, it is told how many there are", async () => {
  await using api = await kit.open();
  for (let n = 0; n < 210; n++) await waits(api, n);
  const socket = await watching(api, await api.user("root", "admin"), "pending");
  const { value } = await socket.next();
  expect(value).toMatchObject({ items: { length: 200 }, more: 10 });
});

test("who may not see it is refused with the reason, and goes on hearing of all else", async () => {
  await using api = await kit.open();
  const user = await api.user("v", "viewer", { site: "a" });
  const socket = await watching(
    api,
    user,
    "pending",
    "configuration/c",
    "rollout/c",
    "worker-configuration/w",
    "secrets",
  );
  const refused = new Map<unknown, unknown>();
  for (let n = 0; n < 5; n++) {
    const { kind, channel, why } = await socket.next();
    expect(kind).toBe("refused");
    refused.set(channel, (why as TestJson).code);
  }
  expect(Object.fromEntries(refused)).toEqual({
    ...{ pending: "LEVEL_TOO_LOW", "configuration/c": "LEVEL_TOO_LOW", "rollout/c": "LEVEL_TOO_LOW" },
    ...{ "worker-configuration/w": "WORKER_NOT_FOUND", secrets: "REQUEST_INVALID" },
  });
  socket.watch("mesh");
  expect(await socket.next()).toMatchObject({ kind: "changed", channel: "mesh" });
});

test("a change of what is asked for by HTTP is told with a position, from which a client goes on after a cut", async () => {
  await using api = await kit.open();
  const user = await api.user("v", "viewer");
  const before = await watching(api, user, "configuration/c");
  await before.next();
  await put(api, "c", 0);
  const { kind, position } = await before.next();
  expect(kind).toBe("changed");
  before.socket.close();
  // Nothing has changed: the next word is of another channel.
  const same = await watching(api, user, { channel: "configuration/c", after: position }, { channel: "mesh" });
  expect(await same.next()).toMatchObject({ channel: "mesh" });
  await put(api, "c", 1);
  expect(await same.next()).toMatchObject({
    ...{ kind: "changed", channel: "configuration/c", position: api.news.positionOf(api.news.last) },
  });
  const late = await watching(api, user, { channel: "configuration/c", after: position });
  expect(await late.next()).toMatchObject({ kind: "changed", channel: "configuration/c" });
});

test("of the list of configurations nobody hears whose configurations they may not see", async () => {
  await using api = await kit.open();
  const user = await api.user("v", "viewer", { "farhand/config": "mine" });
  const socket = await watching(api, user, "configurations");
  await socket.next();
  await put(api, "theirs", 0);
  await put(api, "mine", 0);
  expect(await socket.next()).toMatchObject({ kind: "changed", channel: "configurations" });
  const at = api.news.last;
  await put(api, "theirs", 1);
  const later = await watching(api, user, { channel: "configurations", after: api.news.positionOf(at) }, "mesh");
  expect(await later.next()).toMatchObject({ channel: "mesh" });
  await put(api, "mine", 1);
  const { channel, position } = await later.next();
  expect([channel, position]).toEqual(["configurations", api.news.positionOf(api.news.last)]);
});

test("a roll-out is told whole as it stands, and null where there was none", async () => {
  await using api = await kit.open();
  api.presence.joined(await api.worker("w1", { "farhand/config": "c" }), 1);
  await api.store.db.updateTable("worker").set({ mode: "cloud" }).execute();
  const user = await api.user("v", "viewer");
  const socket = await watching(api, user, "rollout/c");
  expect(await socket.next()).toMatchObject({ kind: "told", value: null });
  await put(api, "c", 0);
  const canary = { choose: { labels: {} }, healthyForMs: 60_000 };
  await api.configurations.put("c", { document: { n: 2 }, ifMatch: 1, canary }, "u1");
  expect(await socket.next()).toMatchObject({ value: { version: 2, state: "canary", next: { step: "wait" } } });
});

test("rights that end, end it: what a worker's label gave, and the account's", async () => {
  await using api = await kit.open({ limits: { recheckEveryMs: 50 } });
  const user = await api.user("v", "viewer", { site: "a" });
  const id = await api.worker("w1", { site: "a" });
  const socket = await watching(api, user, `worker-configuration/${id}`);
  expect(await socket.next()).toMatchObject({ kind: "changed" });
  await api.registry.setLabels(id, { site: "b" }, "u1");
  expect(await socket.next()).toMatchObject({ kind: "refused", why: { code: "WORKER_NOT_FOUND" } });
  const admin = await api.user("root", "admin");
  await api.user("other", "admin");
  const pending = await watching(api, admin, "pending");
  await pending.next();
  await api.access.accounts.setRole(admin.id, "viewer", null);
  expect(await pending.closed).toBe(4401);
});

test("a thousand changes reach whoever reads slowly as a few", async () => {
  await using api = await kit.open();
  const socket = await watching(api, await api.user("root", "admin"), "pending", "mesh");
  socket.socket.pause();
  for (let n = 0; n < 500; n++) await waits(api, n);
  for (let n = 0; n < 1_000; n++) api.news.changed("mesh");
  socket.socket.resume();
  let messages = 0;
  for (let more: unknown; more !== 300; messages++)
    more = ((await socket.next())["value"] as TestJson | undefined)?.["more"];
  expect(messages).toBeLessThan(20);
});

test("what is no list of channels is refused, and so is changing it without end", async () => {
  await using api = await kit.open();
  const user = await api.user("v", "viewer");
  for (const wrong of [{ watch: "mesh" }, { watch: [{ channel: 7 }] }, { watch: [{ channel: "mesh", of: 1 }] }, {}]) {
    const socket = await watching(api, user, "mesh");
    await socket.next();
    socket.socket.send(JSON.stringify(wrong));
    expect(await socket.next()).toMatchObject({ problem: { code: "REQUEST_INVALID" } });
    expect(await socket.closed).toBe(4400);
  }
  const restless = await watching(api, user);
  for (let n = 0; n < 100; n++) restless.watch("mesh");
  expect(await restless.closed).toBe(4429);
});
