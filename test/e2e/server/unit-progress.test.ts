import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goodPassword } from "../../kit/access.ts";
import { eventually, type TestUser } from "../../kit/api.ts";
import { testMonitor, type TestMonitor } from "../../kit/monitor.ts";
import { type JoinedWorker, wholeServer, type WholeServer } from "../../kit/whole-server.ts";

let server: WholeServer;
let monitor: TestMonitor;
let admin: TestUser;
let shed: JoinedWorker;

beforeAll(async () => {
  server = await wholeServer();
  monitor = await testMonitor({}, { source: server.running.core.unitChannels });
  server.running.core.unitChannels.showOn(monitor.fed);
  admin = await server.user("root", "admin");
  shed = await server.worker("shed");
}, 60_000);
afterAll(async () => {
  await monitor?.close();
  await server?.[Symbol.asyncDispose]();
}, 60_000);

/** A shell script as a unit; gives its id. */
async function run(script: string): Promise<string> {
  const body = { workType: "sh", payload: script };
  const { json } = await server.ask("POST", `/api/workers/${shed.workerId}/units`, { auth: admin.auth, body });
  return String(json["unit"]);
}

async function grant(unit: string, user = admin, worker = "shed") {
  const path = `/api/workers/${worker}/units/${unit}/progress-token`;
  return await server.ask("POST", path, { auth: user.auth, body: {} });
}

async function watch(unit: string) {
  const { json } = await grant(unit);
  return await monitor.watch(String(json["channel"]), { target: `/?token=${json.token}` });
}

const objects = (texts: readonly string[]) => texts.map((text) => JSON.parse(text) as Record<string, unknown>);

describe("the channel of a unit", () => {
  test("tells progress lines as they come, and how the unit ended; who comes late gets all of it", async () => {
    const go = server.folder.file("go");
    const unit = await run(
      `echo '::progress {"done":1,"total":2,"text":"one"}'; echo noise; printf '::progress {"command":"FINISHED"}\\n'
       while [ ! -e ${go} ]; do sleep 0.1; done; echo '::progress {"done":2,"hue":"red"}'; exit 3`,
    );
    using early = await watch(unit);
    await eventually(() => early.texts.some((text) => text.includes('"one"'))).toBe(true);
    writeFileSync(go, "");
    expect(await early.closed).toMatchObject({ code: 1000 });
    const said = objects(early.texts);
    expect(said.filter(({ command }) => command === "PROGRESS")).toMatchObject([
      { done: 1, total: 2, text: "one" },
      { done: 2, hue: "red" },
    ]);
    expect(said.filter(({ command }) => command === "FINISHED")).toHaveLength(1);
    expect(said.at(-1)).toMatchObject({ command: "FINISHED", state: "Failed", exitCode: 3 });
    expect(said.at(-1)).not.toHaveProperty("output");
    using late = await watch(unit);
    expect(await late.closed).toMatchObject({ code: 1000 });
    expect(late.texts).toEqual(early.texts);
  });

  test("is read from its worker only while somebody watches, and goes on where its log stands", async () => {
    const { unitChannels } = server.running.core;
    const go = server.folder.file("go-on");
    const unit = await run(
      `echo '::progress {"done":1}'; while [ ! -e ${go} ]; do sleep 0.1; done; echo '::progress {"done":2}'`,
    );
    await eventually(() => unitChannels.feeding === 0).toBe(true);
    const first = await watch(unit);
    await eventually(() => first.texts.some((text) => text.includes('"done":1'))).toBe(true);
    expect(unitChannels.feeding).toBe(1);
    first[Symbol.dispose]();
    // As after a restart: nothing is left but the channel's log.
    unitChannels.showOn(undefined);
    unitChannels.showOn(monitor.fed);
    await eventually(() => unitChannels.feeding === 0).toBe(true);
    using second = await watch(unit);
    writeFileSync(go, "");
    expect(await second.closed).toMatchObject({ code: 1000 });
    expect(objects(second.texts).flatMap(({ done }) => done ?? [])).toEqual([1, 2]);
    await eventually(() => unitChannels.feeding === 0).toBe(true);
  });

  test("opens to nobody who may not see the unit, and hears nobody but the server", async () => {
    const unit = await run("sleep 30");
    const { json } = await grant(unit);
    const [channel, token] = [String(json["channel"]), json.token];
    const other = (await grant(await run("true"))).json.token;
    const [until = "", mac = ""] = token.split(".");
    const wrong = ["", "x", other, `${Number(until) + 600}.${mac}`, `${until}.${"A".repeat(mac.length)}`, `1.${mac}`];
    for (const bad of wrong) {
      using viewer = await monitor.watch(channel, { target: `/?token=${bad}` });
      expect(await viewer.closed, bad).toMatchObject({ code: 4401 });
    }
    using open = await monitor.watch("unit:", {});
    expect(await open.closed).toMatchObject({ code: 4401 });
    const unknown = await grant("other123");
    expect([unknown.status, unknown.json.code]).toEqual([404, "UNIT_NOT_FOUND"]);
    const stranger = await server.ask("POST", `/api/workers/shed/units/${unit}/progress-token`, { body: {} });
    expect(stranger.status).toBe(401);
    using sender = await monitor.send();
    sender.send(channel, "FINISHED");
    await sender.arrived();
    using viewer = await monitor.watch(channel, { target: `/?token=${token}` });
    await viewer.has(1);
    expect(viewer.said()[0]).toMatch(/^STATE /);
    expect(monitor.figures().taken.skipped).toBe(1);
    const cancel = `/api/workers/shed/units/${unit}/cancel`;
    await server.ask("POST", cancel, { auth: admin.auth, body: {} });
    expect(await viewer.closed).toMatchObject({ code: 1000 });
    expect(objects(viewer.texts).at(-1)).toMatchObject({ command: "FINISHED", state: "Canceled" });
  });

  test("is cut with a word when the rights of its token's maker end: login, role, label", async () => {
    const unit = await run("sleep 60");
    const { access } = server.running.core;
    const endings = {
      "the session is over: logout": ({ auth }: TestUser) => server.ask("POST", "/api/logout", { auth, body: {} }),
      "the session is over: role changed": ({ id }: TestUser) => access.accounts.setRole(id, "viewer", { site: "b" }),
      "the session is over: user disabled": ({ id }: TestUser) => access.accounts.disable(id),
      "the session is over: user removed": ({ id }: TestUser) => access.accounts.remove(id),
    };
    for (const [n, [word, end]] of Object.entries(endings).entries()) {
      const user = await server.user(`ann${n}`, "operator");
      const { json } = await grant(unit, user);
      const [channel, target] = [String(json["channel"]), `/?token=${json.token}`];
      using viewer = await monitor.watch(channel, { target });
      await viewer.has(1);
      await end(user);
      expect(await viewer.closed).toMatchObject({ code: 4403, reason: word });
      using again = await monitor.watch(channel, { target });
      expect(await again.closed).toMatchObject({ code: 4401 });
    }
    const { id } = await access.accounts.create({
      ...{ name: "site", password: goodPassword, role: "viewer", labels: { site: "a" } },
    });
    const path = `/api/workers/${shed.workerId}`;
    const label = (site: string) => server.ask("PATCH", path, { auth: admin.auth, body: { labels: { site } } });
    await label("a");
    const { token } = await access.sessions.open(id, { source: "127.0.0.1", client: "test" }, false);
    const { json } = await grant(unit, { ...admin, auth: { authorization: `Bearer ${token}` } });
    using viewer = await monitor.watch(String(json["channel"]), { target: `/?token=${json.token}` });
    await viewer.has(1);
    await label("b");
    expect(await viewer.closed).toMatchObject({ code: 4403, reason: "the rights it was opened with are gone" });
  });

  test("is cut when the API token that its token was made with is revoked, or its user removed", async () => {
    const unit = await run("sleep 60");
    const { accounts, apiTokens } = server.running.core.access;
    for (const [word, end] of [
      ["revoked", (userId: string, id: string) => apiTokens.revoke(userId, id)],
      ["user removed", (userId: string) => accounts.remove(userId)],
    ] as const) {
      const user = await server.user(word.replace(" ", "-"), "operator");
      const made = await apiTokens.make(user.id, { name: "ci", scopes: ["*:operate"], expiresAt: null });
      const { json } = await grant(unit, { ...user, auth: { authorization: `Bearer ${made.token}` } });
      const [channel, target] = [String(json["channel"]), `/?token=${json.token}`];
      using viewer = await monitor.watch(channel, { target });
      await viewer.has(1);
      await end(user.id, made.apiToken.id);
      expect(await viewer.closed).toMatchObject({ code: 4403, reason: `the session is over: ${word}` });
      using again = await monitor.watch(channel, { target });
      expect(await again.closed).toMatchObject({ code: 4401 });
    }
  });

  test("ends with a clear word when its worker is removed, for who watches and for who comes later", async () => {
    const gone = await server.worker("gone");
    const body = { workType: "sh", payload: "echo '::progress {\"done\":1}'; sleep 30" };
    const { json } = await server.ask("POST", `/api/workers/${gone.workerId}/units`, { auth: admin.auth, body });
    const granted = await grant(String(json["unit"]), admin, "gone");
    const [channel, target] = [String(granted.json["channel"]), `/?token=${granted.json.token}`];
    using viewer = await monitor.watch(channel, { target });
    for (const sign of ['"done":1', '"state":"Running"'])
      await eventually(() => viewer.texts.some((text) => text.includes(sign))).toBe(true);
    await server.ask("DELETE", `/api/workers/${gone.workerId}`, { auth: admin.auth });
    expect(await viewer.closed).toMatchObject({ code: 1000 });
    const last = { command: "FINISHED", cause: "WORKER_REMOVED", state: "Running", detail: /removed/ };
    expect(objects(viewer.texts).at(-1)).toMatchObject({ ...last, detail: expect.stringMatching(last.detail) });
    // Of a unit that nobody watched until then.
    const never = channel.replace(/\/.*/, "/never123");
    const name = { workerId: gone.workerId, unit: "never123" };
    const maker = { id: "nobody", enter: () => () => {} };
    const { token } = server.running.core.unitChannels.grant(name, maker) ?? {};
    using late = await monitor.watch(never, { target: `/?token=${token}` });
    expect(await late.closed).toMatchObject({ code: 1000 });
    expect(objects(late.texts)).toMatchObject([{ command: "FINISHED", cause: "WORKER_REMOVED" }]);
  });
});
